/* What is painted over a picture: a mask in the picture's own pixels (fewer where it is large), and how it was before. */

const LARGEST = 1024; // pixels of a mask's longer side: as many as a model draws, or more
const REMEMBERED = 40; // steps back

/** Fires "change". Places and sizes are in the picture's pixels. */
export class Mask extends EventTarget {
  constructor(width, height) {
    super();
    this.scale = Math.min(1, LARGEST / Math.max(width, height));
    this.canvas = new OffscreenCanvas(Math.max(1, Math.round(width * this.scale)), Math.max(1, Math.round(height * this.scale)));
    this.pen = this.canvas.getContext("2d", { willReadFrequently: true });
  }

  /** Paint, or wipe, from one place to another. */
  stroke(from, to, size, wipe) {
    const { pen, scale } = this;
    pen.globalCompositeOperation = wipe ? "destination-out" : "source-over";
    pen.strokeStyle = pen.fillStyle = "#fff";
    pen.lineCap = pen.lineJoin = "round";
    pen.lineWidth = Math.max(1, size * scale);
    pen.beginPath();
    pen.moveTo(from.x * scale, from.y * scale);
    pen.lineTo(to.x * scale + 0.01, to.y * scale);
    pen.stroke();
    this.#changed();
  }

  /** Add what is white on a picture of a mask. */
  async add(blob) {
    const found = await createImageBitmap(blob);
    const layer = new OffscreenCanvas(this.canvas.width, this.canvas.height);
    const pen = layer.getContext("2d");
    pen.drawImage(found, 0, 0, layer.width, layer.height);
    const pixels = pen.getImageData(0, 0, layer.width, layer.height);
    for (let at = 0; at < pixels.data.length; at += 4) {
      pixels.data[at + 3] = pixels.data[at] > 127 ? 255 : 0;
      pixels.data[at] = pixels.data[at + 1] = pixels.data[at + 2] = 255;
    }
    pen.putImageData(pixels, 0, 0);
    this.pen.globalCompositeOperation = "source-over";
    this.pen.drawImage(layer, 0, 0);
    this.#changed();
  }

  clear() {
    this.pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.#changed();
  }

  invert() {
    this.pen.globalCompositeOperation = "xor";
    this.pen.fillStyle = "#fff";
    this.pen.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.#changed();
  }

  /** How much of the picture is painted within a box of it, in its pixels, as a share of the whole, 0 to 1. */
  share(box) {
    const { width, height } = this.canvas;
    const [left, top] = [Math.max(0, Math.round(box.x * this.scale)), Math.max(0, Math.round(box.y * this.scale))];
    const right = Math.min(width, Math.round((box.x + box.width) * this.scale));
    const bottom = Math.min(height, Math.round((box.y + box.height) * this.scale));
    if (right <= left || bottom <= top) return 0;
    const { data } = this.pen.getImageData(left, top, right - left, bottom - top);
    let count = 0;
    for (let at = 3; at < data.length; at += 4) count += data[at] > 127;
    return count / (width * height);
  }

  /** Black and white, as the server wants it; null where nothing is painted within a box. */
  async png(box) {
    if (!this.share(box)) return null;
    const sheet = new OffscreenCanvas(this.canvas.width, this.canvas.height);
    const pen = sheet.getContext("2d", { alpha: false });
    pen.drawImage(this.canvas, 0, 0);
    return sheet.convertToBlob({ type: "image/png" });
  }

  /** Its present state, to be put back. */
  state() {
    return this.#alpha();
  }

  restore(alpha) {
    const pixels = this.pen.createImageData(this.canvas.width, this.canvas.height);
    pixels.data.fill(255);
    for (let at = 0; at < alpha.length; at += 1) pixels.data[4 * at + 3] = alpha[at];
    this.pen.putImageData(pixels, 0, 0);
    this.#changed();
  }

  #alpha() {
    const { data } = this.pen.getImageData(0, 0, this.canvas.width, this.canvas.height);
    const alpha = new Uint8Array(data.length / 4);
    for (let at = 0; at < alpha.length; at += 1) alpha[at] = data[4 * at + 3];
    return alpha;
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/** Steps back and forth of anything that can say its `state()` and `restore` one. Fires "change". */
export class Steps extends EventTarget {
  constructor(of) {
    super();
    this.of = of;
    this.before = [];
    this.after = [];
  }

  /** Something is about to change. */
  keep() {
    this.before.push(this.of.state());
    if (this.before.length > REMEMBERED) this.before.shift();
    this.after = [];
    this.dispatchEvent(new Event("change"));
  }

  undo() {
    this.#step(this.before, this.after);
  }

  redo() {
    this.#step(this.after, this.before);
  }

  #step(from, to) {
    if (!from.length) return;
    to.push(this.of.state());
    this.of.restore(from.pop());
    this.dispatchEvent(new Event("change"));
  }
}
