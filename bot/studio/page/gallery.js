/* One's own pictures: the wall, its filters, what is selected. Explore is the same wall of other pictures. */

import { attempt, fill, h, notice } from "./dom.js";
import { FilterBar } from "./filters.js";
import { Grid } from "./grid.js";
import { neighbours } from "./neighbours.js";
import { Selection } from "./selection.js";
import { Wall } from "./wall.js";

const PAUSE = 120; // milliseconds after a search's first pictures until all it finds is asked for: who goes on typing wants others

/** A view with a wall in it. `nothing` is said where there is no picture at all. */
export function wallView({ name, title, shared, nothing }) {
  let room = null;
  return {
    name,
    title,
    listed: true,
    open(section) {
      room ??= new Room(section, { name, title, shared, nothing });
      room.entered();
      return () => room.left();
    },
  };
}

class Room {
  constructor(section, { name, title, shared, nothing }) {
    this.name = name;
    this.nothing = nothing;
    this.filters = new FilterBar({ shared });
    this.selection = new Selection(this.filters);
    this.grid = new Grid(title, this.selection.pictures);
    this.empty = h("div", { className: "empty", hidden: true });
    fill(section, this.filters.node, this.selection.node, this.empty, this.grid.node);
    this.filters.addEventListener("change", () => this.load());
    this.selection.addEventListener("change", () => this.grid.refresh());
    this.selection.addEventListener("deleted", () => this.load({ stay: true }));
    this.grid.addEventListener("open", ({ detail }) => this.#open(detail.index));
    this.grid.addEventListener("choose", ({ detail }) => this.#choose(detail));
    this.grid.addEventListener("stretch", ({ detail }) => this.#stretch(detail.from, detail.to));
    this.grid.addEventListener("mark", ({ detail }) => this.#with(detail.index, (each) => this.selection.favourite([each])));
    this.grid.addEventListener("delete", ({ detail }) => this.#with(detail.index, (each) => this.selection.delete(this.selection.pictures.size ? undefined : [each])));
    this.keys = (event) => this.#key(event);
    this.load({ stay: true });
    attempt(() => this.filters.load());
  }

  entered() {
    this.here = true; // what is wrong is said where it is seen
    document.addEventListener("keydown", this.keys);
    if (neighbours.stale) this.load({ stay: true });
    else if (neighbours.wall === this.wall && this.wall) this.grid.reveal(neighbours.index);
    neighbours.stale = false;
  }

  left() {
    this.here = false;
    document.removeEventListener("keydown", this.keys);
  }

  /** Open the wall that the filters ask for; `stay`: where one is on it. A search shows its first pictures before that. */
  async load({ stay = false } = {}) {
    this.asking?.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    const wall = new Wall(this.filters.values);
    const top = stay ? this.grid.node.scrollTop : 0;
    try {
      const shown = !stay && await wall.glimpse(signal);
      if (shown) this.#hang(wall, top);
      if (!wall.whole) {
        if (shown) await rest(signal);
        await wall.open(signal);
        if (!shown) this.#hang(wall, top);
      }
      this.filters.said(wall.total);
    } catch (error) {
      if (error.name !== "AbortError") notice(error.message, true);
    }
  }

  #hang(wall, top) {
    this.wall = wall;
    wall.addEventListener("trouble", ({ error }) => this.here && notice(error.message, true), { once: true });
    wall.addEventListener("length", () => {
      if (this.wall !== wall) return;
      this.#room();
      this.filters.said(wall.total);
    });
    this.#room();
    fill(this.empty, h("p", {}, this.filters.narrow ? "No picture is like that." : this.nothing));
    this.grid.show(wall);
    if (top) this.grid.node.scrollTop = top;
    document.documentElement.dataset.wall = wall.key;
  }

  /** Make room for pictures, or for the sentence that there are none. */
  #room() {
    this.empty.hidden = this.wall.total > 0;
    this.grid.node.hidden = this.wall.total === 0;
  }

  #with(index, act) {
    const picture = this.wall?.at(index);
    if (picture) act(picture);
  }

  #open(index) {
    this.#with(index, (picture) => {
      neighbours.set(this.wall, index, this.name);
      location.hash = `picture/${picture.id}`;
    });
  }

  #choose({ index, range }) {
    if (range && this.last !== undefined) this.#stretch(this.last, index);
    else this.#with(index, (picture) => this.selection.toggle(picture));
    this.last = index;
  }

  #stretch(from, to) {
    const pictures = [];
    for (let index = Math.min(from, to); index <= Math.max(from, to); index += 1) {
      const picture = this.wall.at(index);
      if (picture) pictures.push(picture);
    }
    this.selection.add(pictures);
  }

  #key(event) {
    if (event.target.closest("input, select, textarea, dialog")) return;
    if (event.key === "/") this.filters.search.focus();
    else if (event.key === "Escape" && this.selection.pictures.size) this.selection.clear();
    else return;
    event.preventDefault();
  }
}

/** Let some time pass, unless what it is for is no longer wanted. */
function rest(signal) {
  return new Promise((done, fail) => {
    const timer = setTimeout(done, PAUSE);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      fail(signal.reason);
    }, { once: true });
  });
}

export const gallery = wallView({
  name: "gallery",
  title: "Gallery",
  shared: false,
  nothing: "There are no pictures of yours yet. Use /imagine in Discord, and they hang here.",
});
