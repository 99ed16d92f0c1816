/* Fetches the small pictures of a wall, a few at a time: whatever else is asked for meanwhile finds a free line. */

const AT_ONCE = 4; // of the six connections that a browser opens to one place: a search must not wait behind pictures

export class Loading {
  constructor() {
    this.waiting = new Map();
    this.underWay = new Set();
  }

  /** Have an image show what lies at an address, as soon as there is room. */
  want(image, address) {
    this.drop(image);
    this.waiting.set(image, address);
    this.#next();
  }

  /** Let go of what an image shows, is about to show, or waits for. */
  drop(image) {
    this.waiting.delete(image);
    if (image.hasAttribute("src")) image.removeAttribute("src");
    if (this.underWay.delete(image)) this.#next();
  }

  /** An image has come, or will not come. */
  ended(image) {
    if (this.underWay.delete(image)) this.#next();
  }

  #next() {
    for (const [image, address] of this.waiting) {
      if (this.underWay.size >= AT_ONCE) return;
      this.waiting.delete(image);
      this.underWay.add(image);
      image.src = address;
    }
  }
}
