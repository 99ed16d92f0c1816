/* The picture under the brush: drawn with its mask and its frame, zoomed and moved; turns pointers and keys into strokes. */

import { h } from "./dom.js";

const NEAREST = 16; // screen pixels of one of the picture's, at most
const EDGE = 48; // screen pixels around the frame when all of it is shown
const STEP = 12; // screen pixels that an arrow key moves the brush
const FINGER = 12; // screen pixels that a finger moves before it does something: by then a second one may have come
const HOLD = 14; // screen pixels around a handle's middle in which it is held
const PAINT = "rgb(255 64 129 / 0.55)"; // seen on every picture, light or dark
const VEIL = "rgb(0 0 0 / 0.7)"; // over what is cut off
const SIDES = { left: [0, 0.5], right: [1, 0.5], top: [0.5, 0], bottom: [0.5, 1] };

const apart = (one, other) => Math.hypot(one.x - other.x, one.y - other.y);

/** Fires "begin" before a stroke, "pick" with a place in shares of the picture, "frame" before a side is dragged. */
export class EaselCanvas extends EventTarget {
  constructor(image, mask, frame) {
    super();
    [this.image, this.mask, this.frame] = [image, mask, frame];
    [this.tool, this.size] = ["brush", Math.round(Math.max(image.naturalWidth, image.naturalHeight) / 12)];
    this.view = { x: 0, y: 0, zoom: 1 };
    this.fitted = true; // all of it is shown, also when there is more or less room for it
    this.cursor = null;
    this.pointers = new Map();
    this.node = h("canvas", { className: "easel", tabIndex: 0, role: "application", aria: { label: "The picture. Arrow keys move the brush, Space paints, plus and minus zoom.", describedby: "editor-keys" } });
    this.pen = this.node.getContext("2d");
    this.overlay = new OffscreenCanvas(mask.canvas.width, mask.canvas.height);
    const again = () => this.draw();
    [mask, frame].forEach((each) => each.addEventListener("change", again));
    this.watch = new ResizeObserver(() => this.#resize());
    this.watch.observe(this.node);
    this.#listen();
  }

  /** Show all of the frame and of the picture. */
  fit() {
    this.fitted = true;
    const box = this.#whole();
    const [wide, high] = [this.node.clientWidth - 2 * EDGE, this.node.clientHeight - 2 * EDGE];
    this.view.zoom = Math.max(0.01, Math.min(wide / box.width, high / box.height));
    this.view.x = this.node.clientWidth / 2 - (box.x + box.width / 2) * this.view.zoom;
    this.view.y = this.node.clientHeight / 2 - (box.y + box.height / 2) * this.view.zoom;
    this.draw();
  }

  /** Zoom by a factor around a place of the screen, the middle if none is given. */
  zoom(by, at = { x: this.node.clientWidth / 2, y: this.node.clientHeight / 2 }) {
    this.fitted = false;
    const zoom = Math.max(0.02, Math.min(NEAREST, this.view.zoom * by));
    const real = zoom / this.view.zoom;
    this.view = { x: at.x - (at.x - this.view.x) * real, y: at.y - (at.y - this.view.y) * real, zoom };
    this.draw();
  }

  move(x, y) {
    this.fitted = false;
    this.view.x += x;
    this.view.y += y;
    this.draw();
  }

  /** A place of the screen as one of the picture, in its pixels. */
  inPicture({ x, y }) {
    return { x: (x - this.view.x) / this.view.zoom, y: (y - this.view.y) / this.view.zoom };
  }

  draw() {
    this.asked ??= requestAnimationFrame(() => {
      this.asked = null;
      this.#paint();
    });
  }

  close() {
    this.watch.disconnect();
  }

  #resize() {
    const dense = devicePixelRatio || 1;
    const [width, height] = [Math.round(this.node.clientWidth * dense), Math.round(this.node.clientHeight * dense)];
    if (!width || !height || (this.node.width === width && this.node.height === height)) return;
    [this.node.width, this.node.height] = [width, height];
    if (this.fitted) this.fit();
    this.#paint();
  }

  #paint() {
    const { pen, view, image } = this;
    const [dense, { box }] = [devicePixelRatio || 1, this.frame];
    const looks = getComputedStyle(this.node);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, this.node.width, this.node.height);
    pen.setTransform(dense * view.zoom, 0, 0, dense * view.zoom, dense * view.x, dense * view.y);
    pen.fillStyle = looks.caretColor; // these two are colours of our own, said in the style and resolved for the theme
    pen.fillRect(box.x, box.y, box.width, box.height);
    pen.imageSmoothingEnabled = view.zoom < 3;
    pen.drawImage(image, 0, 0);
    pen.drawImage(this.#coloured(), 0, 0, image.naturalWidth, image.naturalHeight);
    this.#cut();
    pen.lineWidth = 1.5 / view.zoom;
    pen.strokeStyle = looks.color;
    pen.strokeRect(box.x, box.y, box.width, box.height);
    pen.fillStyle = looks.color;
    for (const place of Object.values(this.#handles())) {
      pen.beginPath();
      pen.arc(place.x, place.y, 7 / view.zoom, 0, 2 * Math.PI);
      pen.fill();
    }
    this.#brush();
  }

  /** What the frame and the picture take up together, in the picture's pixels. */
  #whole() {
    const { box } = this.frame;
    const [x, y] = [Math.min(0, box.x), Math.min(0, box.y)];
    const right = Math.max(this.image.naturalWidth, box.x + box.width);
    const bottom = Math.max(this.image.naturalHeight, box.y + box.height);
    return { x, y, width: right - x, height: bottom - y };
  }

  /** Lay a veil over what is cut off. */
  #cut() {
    const { pen, image, frame } = this;
    if (!frame.cut) return;
    const { box } = frame;
    const outside = new Path2D();
    outside.rect(box.x, box.y, box.width, box.height);
    outside.rect(0, 0, image.naturalWidth, image.naturalHeight);
    pen.save();
    pen.beginPath();
    pen.rect(0, 0, image.naturalWidth, image.naturalHeight);
    pen.clip();
    pen.fillStyle = VEIL;
    pen.fill(outside, "evenodd");
    pen.restore();
  }

  #coloured() {
    const pen = this.overlay.getContext("2d");
    pen.globalCompositeOperation = "copy";
    pen.drawImage(this.mask.canvas, 0, 0);
    pen.globalCompositeOperation = "source-in";
    pen.fillStyle = PAINT;
    pen.fillRect(0, 0, this.overlay.width, this.overlay.height);
    return this.overlay;
  }

  #brush() {
    const { pen, view, cursor } = this;
    if (!cursor || !["brush", "eraser"].includes(this.tool)) return;
    const at = this.inPicture(cursor);
    for (const [colour, width] of [["#000", 3], ["#fff", 1.5]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = width / view.zoom;
      pen.beginPath();
      pen.arc(at.x, at.y, this.size / 2, 0, 2 * Math.PI);
      pen.stroke();
    }
  }

  /** Where the sides can be held, in the picture's pixels. */
  #handles() {
    const { box } = this.frame;
    return Object.fromEntries(Object.entries(SIDES).map(([side, [x, y]]) => [side, { x: box.x + x * box.width, y: box.y + y * box.height }]));
  }

  #held(place) {
    return Object.entries(this.#handles()).find(([, at]) => {
      const [x, y] = [at.x * this.view.zoom + this.view.x, at.y * this.view.zoom + this.view.y];
      return apart(place, { x, y }) <= HOLD;
    })?.[0];
  }

  #listen() {
    const place = (event) => ({ x: event.offsetX, y: event.offsetY });
    this.node.addEventListener("pointerdown", (event) => this.#down(event, place(event)));
    this.node.addEventListener("pointermove", (event) => this.#moved(event, place(event)));
    for (const name of ["pointerup", "pointercancel"]) this.node.addEventListener(name, (event) => this.#up(event));
    this.node.addEventListener("pointerleave", () => {
      this.cursor = null;
      this.draw();
    });
    this.node.addEventListener("wheel", (event) => {
      event.preventDefault();
      if (event.ctrlKey || event.metaKey || Math.abs(event.deltaY) > 60) this.zoom(Math.exp(-event.deltaY / 400), place(event));
      else this.move(-event.deltaX, -event.deltaY);
    }, { passive: false });
    this.node.addEventListener("keydown", (event) => this.#key(event));
    this.node.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  #down(event, place) {
    if (event.button > 1) return; // the other buttons have nothing to do here
    this.node.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, place);
    this.cursor = place;
    if (this.pointers.size > 1) this.doing = "pinch";
    else if (event.pointerType === "touch") {
      this.doing = "touch";
      this.landed = place;
    } else this.#begin(place, event.button);
  }

  /** Do what the tool does at a place where one finger, or a button, is down. */
  #begin(place, button = 0) {
    const side = this.#held(place);
    if (side) {
      this.dispatchEvent(new Event("frame"));
      this.doing = side;
    } else if (this.tool === "hand" || button === 1) this.doing = "move";
    else if (this.tool === "click") {
      this.doing = "pick";
      this.#pick(place);
    } else this.#stroke(place, place, true);
  }

  #moved(event, place) {
    let before = this.pointers.get(event.pointerId);
    this.cursor = place;
    if (before && this.doing === "touch" && apart(this.landed, place) > FINGER) {
      before = this.landed;
      this.#begin(before);
    }
    if (!before) this.node.style.cursor = this.#held(place) ? "move" : this.tool === "hand" ? "grab" : this.tool === "click" ? "crosshair" : "none";
    else if (this.doing === "pinch") this.#pinch(event.pointerId, before, place);
    else if (this.doing === "move") this.move(place.x - before.x, place.y - before.y);
    else if (this.doing === "stroke") this.#stroke(before, place);
    else if (this.doing in SIDES) this.#drag(this.doing, place);
    if (before) this.pointers.set(event.pointerId, place);
    this.draw();
  }

  #up(event) {
    const ours = this.pointers.delete(event.pointerId);
    if (ours && this.doing === "touch" && event.type === "pointerup") this.#begin(this.landed);
    if (!this.pointers.size) this.doing = null;
  }

  /** Two fingers zoom and move at once. */
  #pinch(id, before, place) {
    const other = [...this.pointers].find(([each]) => each !== id)?.[1];
    if (!other) return;
    this.zoom(apart(place, other) / Math.max(1, apart(before, other)), { x: (place.x + other.x) / 2, y: (place.y + other.y) / 2 });
    this.move((place.x - before.x) / 2, (place.y - before.y) / 2);
  }

  #drag(side, place) {
    const at = this.inPicture(place);
    const { naturalWidth: wide, naturalHeight: high } = this.image;
    const shares = { left: -at.x / wide, right: at.x / wide - 1, top: -at.y / high, bottom: at.y / high - 1 };
    this.frame.set(side, shares[side]);
  }

  #stroke(from, to, first = false) {
    if (first) this.dispatchEvent(new Event("begin"));
    this.doing = "stroke";
    this.mask.stroke(this.inPicture(from), this.inPicture(to), this.size, this.tool === "eraser");
  }

  #pick(place) {
    const at = this.inPicture(place);
    const [x, y] = [at.x / this.image.naturalWidth, at.y / this.image.naturalHeight];
    if (x >= 0 && x <= 1 && y >= 0 && y <= 1) this.dispatchEvent(new CustomEvent("pick", { detail: { x, y } }));
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
    this.cursor ??= { x: this.node.clientWidth / 2, y: this.node.clientHeight / 2 };
    const before = this.cursor;
    if (event.key in steps) {
      const [x, y] = steps[event.key];
      if (this.tool === "hand") this.move(-x, -y);
      else {
        this.cursor = { x: before.x + x, y: before.y + y };
        if (event.shiftKey && this.tool !== "click") this.#stroke(before, this.cursor, true);
      }
    } else if (event.key === " " || event.key === "Enter") {
      if (this.tool === "click") this.#pick(before);
      else if (this.tool !== "hand") this.#stroke(before, before, true);
    } else if (event.key === "+" || event.key === "=") this.zoom(1.25);
    else if (event.key === "-") this.zoom(0.8);
    else if (event.key === "0") this.fit();
    else return;
    this.doing = null;
    event.preventDefault();
    this.draw();
  }
}
