/* The wall on the screen: of a hundred thousand tiles only those in sight exist, and they are used again and again. */

import { thumbnailAddress } from "./api.js";
import { h, icon } from "./dom.js";
import { Loading } from "./loading.js";

const GAP = 6; // pixels between tiles
const AHEAD = 3; // rows above and below that exist already
const SETTLED = 70; // milliseconds without scrolling after which the wall stands still
const FAST = 3; // pixels a millisecond: of what flies past faster no picture is fetched

/**
 * A listbox of a wall's pictures. `chosen` is the set of picture ids that are selected.
 * Fires "open" and "choose" (with `detail` index), "mark" and "delete" by key.
 */
export class Grid extends EventTarget {
  constructor(label, chosen) {
    super();
    this.chosen = chosen;
    this.wall = null;
    this.active = 0;
    this.tiles = new Map();
    this.spare = [];
    this.loading = new Loading();
    this.columns = 1;
    this.side = 180;
    this.body = h("div", { className: "wall-body" });
    this.node = h("div", {
      className: "wall", role: "listbox", tabIndex: 0,
      aria: { label, multiselectable: "true" },
      onscroll: () => this.#scrolled(),
      onkeydown: (event) => this.#key(event),
      onclick: (event) => this.#click(event),
    }, this.body);
    this.moving = false;
    this.heard = () => this.#soon(true);
    this.longer = () => this.#lengthen();
    new ResizeObserver(() => this.#measure()).observe(this.node);
  }

  /** Show another wall, from its top. */
  show(wall) {
    this.wall?.removeEventListener("change", this.heard);
    this.wall?.removeEventListener("length", this.longer);
    this.wall = wall;
    wall.addEventListener("change", this.heard);
    wall.addEventListener("length", this.longer);
    this.active = 0;
    this.node.scrollTop = 0;
    this.#clear();
    this.#measure();
  }

  /** Show again what changed in the pictures that are in sight. */
  refresh() {
    for (const [index, tile] of this.tiles) this.#dress(tile, index);
  }

  /** Bring a place into sight and make it the one that keys act on. */
  reveal(index) {
    if (!this.wall?.total) return;
    this.active = Math.max(0, Math.min(index, this.wall.total - 1));
    const top = Math.floor(this.active / this.columns) * (this.side + GAP);
    const { scrollTop, clientHeight } = this.node;
    if (top < scrollTop) this.node.scrollTop = top;
    else if (top + this.side > scrollTop + clientHeight) this.node.scrollTop = top + this.side - clientHeight + GAP;
    this.#settle();
    this.node.focus({ preventScroll: true });
  }

  #measure() {
    const width = this.body.clientWidth;
    if (!width || !this.wall) return;
    const least = width < 520 ? 104 : width < 1000 ? 150 : 190;
    const first = Math.floor(this.node.scrollTop / (this.side + GAP)) * this.columns;
    this.columns = Math.max(2, Math.floor((width + GAP) / (least + GAP)));
    this.side = Math.floor((width - GAP * (this.columns - 1)) / this.columns);
    this.#replace();
    this.node.scrollTop = Math.floor(first / this.columns) * (this.side + GAP);
    this.#settle();
  }

  /** Make room for all of the wall. */
  #reach() {
    const rows = Math.ceil(this.wall.total / this.columns);
    this.body.style.height = `${Math.max(0, rows * (this.side + GAP) - GAP)}px`;
  }

  /** The wall is longer than it was; what is in sight stays there. */
  #lengthen() {
    this.#replace();
    this.#settle();
  }

  /** Lay the tiles where they belong now; each stays the picture that it is, so a click meets the one it was aimed at. */
  #replace() {
    this.#reach();
    for (const [index, tile] of this.tiles) this.#place(tile, index);
  }

  #scrolled() {
    const [now, top] = [performance.now(), this.node.scrollTop];
    this.moving = Math.abs(top - (this.before?.top ?? top)) > FAST * (now - (this.before?.now ?? now));
    this.before = { now, top };
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.#settle(), SETTLED);
    if (!this.moving) {
      const [from, to] = this.#range();
      this.wall?.need(from, to - 1);
    }
    this.#soon();
  }

  /** The wall stands still: fetch what is in sight. */
  #settle() {
    this.moving = false;
    if (!this.wall) return;
    const [from, to] = this.#range();
    this.wall.need(from, to - 1);
    this.#draw();
    this.refresh();
    this.#order();
  }

  /** Have the tiles follow one another in the document as they do on the wall, for whoever reads it in that order. */
  #order() {
    const nodes = [...this.tiles].sort(([one], [other]) => one - other).map(([, tile]) => tile.node);
    const kept = [...this.body.children].filter((each) => !each.hidden);
    if (nodes.some((node, at) => node !== kept[at])) this.body.append(...nodes);
  }

  #soon(came = false) {
    this.came ||= came;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.#draw();
      if (this.came) this.refresh();
      this.came = false;
    });
  }

  #range() {
    const step = this.side + GAP;
    const top = Math.floor(this.node.scrollTop / step);
    const rows = Math.ceil(this.node.clientHeight / step) + 1;
    return [
      Math.max(0, (top - AHEAD) * this.columns),
      Math.min(this.wall.total, (top + rows + AHEAD) * this.columns),
    ];
  }

  #draw() {
    if (!this.wall) return;
    const [from, to] = this.#range();
    for (const [index, tile] of this.tiles) {
      if (index >= from && index < to) continue;
      this.tiles.delete(index);
      this.#lay(tile);
    }
    for (let index = from; index < to; index += 1) {
      if (this.tiles.has(index)) continue;
      const tile = this.spare.pop() ?? this.#tile();
      this.tiles.set(index, tile);
      tile.node.hidden = false;
      this.#place(tile, index);
      this.#dress(tile, index);
    }
    if (!this.tiles.has(this.active)) this.node.removeAttribute("aria-activedescendant");
  }

  #tile() {
    const image = h("img", { alt: "", decoding: "async" });
    const node = h("div", { className: "tile", role: "option" },
      image, h("span", { className: "pick" }, icon("check", 16)), h("span", { className: "hearted" }, icon("heart", 16)));
    image.addEventListener("load", () => {
      node.classList.add("loaded");
      this.loading.ended(image);
    });
    image.addEventListener("error", () => this.loading.ended(image));
    this.body.append(node);
    return { node, image, shown: null };
  }

  #place(tile, index) {
    const [row, column] = [Math.floor(index / this.columns), index % this.columns];
    const { style } = tile.node;
    style.width = style.height = `${this.side}px`;
    style.transform = `translate(${column * (this.side + GAP)}px, ${row * (this.side + GAP)}px)`;
    tile.node.id = `tile-${index}`;
    tile.node.dataset.index = index;
    tile.node.setAttribute("aria-posinset", index + 1);
    tile.node.setAttribute("aria-setsize", this.wall.total);
  }

  #dress(tile, index) {
    const picture = this.wall.at(index);
    const { node, image } = tile;
    node.classList.toggle("active", index === this.active);
    if (index === this.active) this.node.setAttribute("aria-activedescendant", node.id);
    const chosen = picture ? this.chosen.has(picture.id) : false;
    node.setAttribute("aria-selected", chosen);
    node.classList.toggle("favourite", picture?.favourite ?? false);
    node.classList.toggle("gone", picture === null);
    const words = picture === null ? "Deleted" : picture ? `${picture.prompt}${picture.mine ? "" : `, by ${picture.by}`}${picture.favourite ? ", favourite" : ""}` : "Loading";
    if (node.ariaLabel !== words) node.ariaLabel = words;
    if (!picture || tile.shown === picture.id || this.moving) return;
    tile.shown = picture.id;
    this.loading.want(image, thumbnailAddress(picture.id));
  }

  #clear() {
    for (const tile of this.tiles.values()) this.#lay(tile);
    this.tiles.clear();
  }

  /** Lay a tile aside, to be used again elsewhere. */
  #lay(tile) {
    tile.shown = null;
    this.loading.drop(tile.image);
    tile.node.hidden = true;
    tile.node.classList.remove("loaded");
    this.spare.push(tile);
  }

  #fire(name, index, event = {}) {
    this.dispatchEvent(new CustomEvent(name, { detail: { index, range: event.shiftKey ?? false } }));
  }

  #click(event) {
    const node = event.target.closest(".tile");
    if (!node) return;
    const index = Number(node.dataset.index);
    const choosing = event.target.closest(".pick") || event.ctrlKey || event.metaKey || event.shiftKey || this.chosen.size > 0;
    this.#fire(choosing ? "choose" : "open", index, event);
    this.active = index;
    this.refresh();
  }

  #key(event) {
    if (!this.wall?.total || event.altKey) return;
    const rows = Math.max(1, Math.floor(this.node.clientHeight / (this.side + GAP)));
    const steps = {
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns,
      PageUp: -rows * this.columns, PageDown: rows * this.columns, Home: -Infinity, End: Infinity,
    };
    const before = this.active;
    if (event.key in steps) {
      if (event.ctrlKey || event.metaKey) return;
      this.reveal(Math.max(0, Math.min(this.active + steps[event.key], this.wall.total - 1)));
      if (event.shiftKey) this.dispatchEvent(new CustomEvent("stretch", { detail: { from: before, to: this.active } }));
    } else if (event.key === "Enter") this.#fire("open", this.active);
    else if (event.key === " ") this.#fire("choose", this.active, event);
    else if (event.key === "f" && !event.ctrlKey && !event.metaKey) this.#fire("mark", this.active);
    else if (event.key === "Delete") this.#fire("delete", this.active);
    else return;
    event.preventDefault();
  }
}
