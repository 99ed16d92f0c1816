/* The canvas' frame: how far its sides lie beyond the picture's, or within them, in shares of the picture's sides. */

export const SIDES = ["left", "top", "right", "bottom"];
const OPPOSITE = { left: "right", right: "left", top: "bottom", bottom: "top" };
const MOST = 20; // shares; the model's own bounds are far below
const MOST_CUT = 0.8; // of the picture's width or height: a fifth stays at least

/** Fires "change". */
export class Frame extends EventTarget {
  constructor(width, height) {
    super();
    [this.width, this.height] = [width, height];
    this.margins = { left: 0, top: 0, right: 0, bottom: 0 };
  }

  /** How far a side lies beyond the picture's, as a share; below 0 so much is cut off. */
  set(side, share) {
    const least = -Math.max(0, MOST_CUT - Math.max(0, -this.margins[OPPOSITE[side]]));
    this.margins = { ...this.margins, [side]: Math.min(MOST, Math.max(least, Math.round(share * 1000) / 1000)) };
    this.dispatchEvent(new Event("change"));
  }

  /** All of them at once. */
  put(margins) {
    this.margins = { ...margins };
    this.dispatchEvent(new Event("change"));
  }

  /** Grow to a proportion, alike on both sides, so that the picture stays whole; or cut to it. */
  reach(wide, high, { cut = false } = {}) {
    const [own, wanted] = [this.width / this.height, wide / high];
    const [across, down] = cut
      ? [Math.min(0, wanted / own - 1) / 2, Math.min(0, own / wanted - 1) / 2]
      : [Math.max(0, wanted / own - 1) / 2, Math.max(0, own / wanted - 1) / 2];
    this.put({ left: across, right: across, top: down, bottom: down });
  }

  /** Whether it goes on beyond the picture on any side: there something is drawn. */
  get grown() {
    return SIDES.some((side) => this.margins[side] > 0);
  }

  /** Whether something of the picture is cut off. */
  get cut() {
    return SIDES.some((side) => this.margins[side] < 0);
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
