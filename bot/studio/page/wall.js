/* A wall of pictures as data: how long it is, and those of its pictures that are needed, fetched a page at a time. */

import { get } from "./api.js";

const PAGE = 120; // pictures of a request
const KEPT = 60; // pages in memory; what one scrolled past long ago is fetched again

let walls = 0;

export class Wall extends EventTarget {
  /**
   * `filters` are those of the server's query; "change" is fired whenever pictures came, "length" when it was opened,
   * also anew where the server let go of it; "trouble" with an `error` where pictures cannot be had.
   */
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
    this.asked.forEach((asked) => asked.abort());
    this.asked.clear();
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

  /** Come back when a place is known, with its picture; or when the wall is another, with undefined. Throws what went wrong. */
  async reach(index) {
    const { id } = this;
    while (this.id === id && this.at(index) === undefined) {
      const waiting = new AbortController();
      const { signal } = waiting;
      const come = new Promise((done, fail) => {
        this.addEventListener("change", done, { signal });
        this.addEventListener("trouble", ({ error }) => fail(error), { signal });
      });
      this.need(index, index);
      await come.finally(() => waiting.abort());
    }
    return this.id === id ? this.at(index) : undefined;
  }

  /** Where a picture hangs on the wall as it is open; null where it does not. Throws what went wrong. */
  async placeOf(picture) {
    const find = () => get(`wall/${this.id}/place`, { picture });
    try {
      return (await find()).place;
    } catch (error) {
      if (error.status !== 410) throw error;
      await this.#renew();
      return (await find()).place;
    }
  }

  /** Open it anew, as the server has let go of it; once for all who find that out. */
  #renew() {
    this.renewing ??= this.open().finally(() => { this.renewing = null; });
    return this.renewing;
  }

  #early(index) {
    const picture = this.first[index];
    return this.pages.has(Math.floor(index / PAGE)) ? null : picture;
  }

  async #fetch(page) {
    const [asked, { id }] = [new AbortController(), this];
    this.asked.set(page, asked);
    try {
      const found = await get(`wall/${id}`, { offset: page * PAGE, limit: PAGE }, { signal: asked.signal });
      if (this.id === id) this.pages.set(page, found.pictures);
      if (this.pages.size > KEPT) this.pages.delete(this.pages.keys().next().value);
    } catch (error) {
      if (error.status === 410 && this.id === id) await this.#renew().catch((again) => this.#tell(again));
      else if (error.status !== 410 && error.name !== "AbortError") this.#tell(error);
    }
    if (this.asked.get(page) === asked) this.asked.delete(page);
    this.dispatchEvent(new Event("change"));
  }

  #tell(error) {
    this.dispatchEvent(Object.assign(new Event("trouble"), { error }));
  }
}
