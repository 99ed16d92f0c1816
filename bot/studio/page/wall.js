/* A wall of pictures as data: how long it is, and those of its pictures that are needed, fetched a page at a time. */

import { get } from "./api.js";

const PAGE = 120; // pictures of a request
const KEPT = 60; // pages in memory; what one scrolled past long ago is fetched again

let walls = 0;

export class Wall extends EventTarget {
  /** `filters` are those of the server's query; "change" is fired whenever pictures came, "length" when it got longer. */
  constructor(filters) {
    super();
    this.filters = filters;
    this.key = walls += 1;
    this.total = 0;
    this.id = null;
    this.first = [];
    this.pages = new Map();
    this.asked = new Map();
  }

  /** Find the first pictures of a search, sooner than all of it is there: whether there are any to be shown. */
  async glimpse(signal) {
    if (this.filters.of || !/[\p{L}\p{N}]/u.test(this.filters.words)) return false;
    const found = await get("newest", this.filters, { signal });
    this.whole = found.all;
    this.total = found.pictures.length;
    this.first = found.pictures;
    if (this.whole) this.pages.set(0, found.pictures);
    return this.whole || this.total > 0;
  }

  /** Open it; its first pictures and its length are there then. */
  async open(signal) {
    const found = await get("wall", this.filters, { signal });
    this.whole = true;
    this.id = found.wall;
    this.total = found.total;
    this.pages.clear();
    this.first = found.pictures;
    if (found.pictures.length === found.total) this.pages.set(0, found.pictures);
    this.dispatchEvent(new Event("length"));
  }

  /** The picture at a place: undefined while it is not there yet, null where it was deleted. */
  at(index) {
    return this.pages.get(Math.floor(index / PAGE))?.[index % PAGE] ?? this.#early(index);
  }

  /** Fetch what is missing between two places, and let go of what was asked for elsewhere; the first pictures are there. */
  need(from, to) {
    const [low, high] = [Math.floor(Math.max(0, from) / PAGE), Math.floor(Math.max(0, Math.min(to, this.total - 1)) / PAGE)];
    for (const [page, asked] of this.asked) if (page < low - 1 || page > high + 1) asked.abort();
    if (to < this.first.length) return;
    for (let page = low; page <= high; page += 1) if (!this.pages.has(page) && !this.asked.has(page)) this.#fetch(page);
  }

  /** Come back when a place is known. */
  async reach(index) {
    this.need(index, index);
    while (this.at(index) === undefined) await new Promise((done) => this.addEventListener("change", done, { once: true }));
    return this.at(index);
  }

  #early(index) {
    const picture = this.first[index];
    return this.pages.has(Math.floor(index / PAGE)) ? null : picture;
  }

  async #fetch(page) {
    const asked = new AbortController();
    this.asked.set(page, asked);
    try {
      const found = await get(`wall/${this.id}`, { offset: page * PAGE, limit: PAGE }, { signal: asked.signal });
      this.pages.set(page, found.pictures);
      if (this.pages.size > KEPT) this.pages.delete(this.pages.keys().next().value);
    } catch (error) {
      if (error.status === 410) this.dispatchEvent(new Event("expired"));
      else if (error.name !== "AbortError") this.dispatchEvent(Object.assign(new Event("trouble"), { error }));
    } finally {
      this.asked.delete(page);
    }
    this.dispatchEvent(new Event("change"));
  }
}
