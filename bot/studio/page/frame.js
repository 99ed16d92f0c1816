/* The canvas' frame: by how much it goes on beyond the picture on each side, in shares of the picture's sides. */

export const SIDES = ["left", "top", "right", "bottom"];
const MOST = 20; // shares; the model's own bounds are far below

/** Fires "change". */
export class Frame extends EventTarget {
  constructor(width, height) {
    super();
    [this.width, this.height] = [width, height];
    this.margins = { left: 0, top: 0, right: 0, bottom: 0 };
  }

  /** A side's margin, as a share; it is never below none. */
  set(side, share) {
    this.margins = { ...this.margins, [side]: Math.min(MOST, Math.max(0, Math.round(share * 1000) / 1000)) };
    this.dispatchEvent(new Event("change"));
  }

  /** All of them at once. */
  put(margins) {
    this.margins = { ...margins };
    this.dispatchEvent(new Event("change"));
  }

  /** Grow to a proportion, alike on both sides; the picture stays whole. */
  reach(wide, high) {
    const [own, wanted] = [this.width / this.height, wide / high];
    const across = Math.max(0, wanted / own - 1) / 2;
    const down = Math.max(0, own / wanted - 1) / 2;
    this.put({ left: across, right: across, top: down, bottom: down });
  }

  get grown() {
    return SIDES.some((side) => this.margins[side] > 0);
  }

  /** The frame in the picture's pixels. */
  get box() {
    const { left, top, right, bottom } = this.margins;
    return {
      x: -left * this.width, y: -top * this.height,
      width: (1 + left + right) * this.width, height: (1 + top + bottom) * this.height,
    };
  }
}
