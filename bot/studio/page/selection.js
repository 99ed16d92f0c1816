/* What is selected on a wall, and what can be done with it. */

import { post } from "./api.js";
import { askChoice, sure } from "./dialog.js";
import { attempt, fill, h, icon, notice } from "./dom.js";
import { newFolder } from "./filters.js";

const DELETED_AT_ONCE = 25; // jobs that the server deletes in one request
const MOST = 1000; // pictures of one request

/** The bar that appears while something is selected. `pictures` are those selected, by id; fires "change" and "deleted". */
export class Selection extends EventTarget {
  constructor(filters) {
    super();
    this.filters = filters;
    this.pictures = new Map();
    this.words = h("span", { className: "selected", role: "status" });
    this.node = h("div", { className: "selection", role: "toolbar", hidden: true, aria: { label: "What is selected" } },
      this.words,
      this.#button("Favourite", "heart", () => this.favourite()),
      this.#button("Folder", "folder", () => this.folder()),
      this.#button("Download", "down", () => this.download()),
      this.#button("Delete", "trash", () => this.delete()),
      this.#button("Clear", "close", () => this.clear()));
  }

  toggle(picture) {
    if (!this.pictures.delete(picture.id) && this.pictures.size < MOST) this.pictures.set(picture.id, picture);
    this.#changed();
  }

  add(pictures) {
    for (const picture of pictures) {
      if (this.pictures.size >= MOST) {
        notice(`${MOST} pictures are selected at most.`);
        break;
      }
      this.pictures.set(picture.id, picture);
    }
    this.#changed();
  }

  clear() {
    this.pictures.clear();
    this.#changed();
  }

  /** Give all of them a heart; take it away where all have one. */
  async favourite(pictures = [...this.pictures.values()]) {
    const own = pictures.filter((each) => each.mine);
    const to = !own.every((each) => each.favourite);
    if (!own.length || !await attempt(() => post("favourites", { pictures: own.map(({ id }) => id), favourite: to }))) return;
    for (const picture of own) picture.favourite = to;
    this.#changed();
  }

  async folder() {
    await this.filters.load();
    const inside = this.filters.folder.value;
    const choices = [...this.filters.folders.map(({ id, name }) => [String(id), name]), ["new", "New folder …"]];
    if (inside) choices.push(["out", "Take out of this folder"]);
    const chosen = await askChoice("Put into a folder", "Folder", choices, "Go on");
    if (!chosen) return;
    const folder = chosen === "new" ? await newFolder() : chosen === "out" ? inside : chosen;
    const pictures = [...this.pictures.keys()];
    if (!folder || !await attempt(() => post(`folders/${folder}`, { pictures, into: chosen !== "out" }))) return;
    notice(chosen === "out" ? "Taken out of the folder." : "Put into the folder.");
    await this.filters.load();
    this.clear();
    if (chosen === "out") this.dispatchEvent(new Event("deleted"));
  }

  async download(pictures = [...this.pictures.keys()]) {
    await attempt(async () => {
      const { download } = await post("downloads", { pictures });
      h("a", { href: `/downloads/${download}`, download: "easel.zip" }).click();
    });
  }

  async delete(pictures = [...this.pictures.values()]) {
    const jobs = new Set(pictures.map(jobOf));
    const many = jobs.size === 1 ? "the job that drew" : `the ${jobs.size} jobs that drew`;
    const liked = pictures.some((each) => each.favourite) ? " Favourites are among them." : "";
    const what = pictures.length === 1 ? "this picture" : `these ${pictures.length} pictures`;
    const sentence = `This removes ${many} ${what}, with all pictures of a grid and the message in Discord, for good.${liked}`;
    if (!await sure("Delete", sentence, "Delete")) return false;
    const ids = [...new Map(pictures.map((each) => [jobOf(each), each.id])).values()];
    for (let from = 0; from < ids.length; from += DELETED_AT_ONCE) {
      if (!await attempt(() => post("deletions", { pictures: ids.slice(from, from + DELETED_AT_ONCE) }))) break;
    }
    this.clear();
    this.dispatchEvent(new Event("deleted"));
    return true;
  }

  #button(words, name, act) {
    return h("button", { className: "button", type: "button", onclick: () => act() }, icon(name, 18), h("span", {}, words));
  }

  #changed() {
    this.node.hidden = this.pictures.size === 0;
    fill(this.words, `${this.pictures.size} selected`);
    this.dispatchEvent(new Event("change"));
  }
}

const jobOf = (picture) => picture.id.slice(0, picture.id.lastIndexOf("-"));
