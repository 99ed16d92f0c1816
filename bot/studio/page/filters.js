/* The row of filters above a wall: search as one types, hearts, model, kind, shape, dates, folder. */

import { get, patch, post, remove } from "./api.js";
import { askText, sure } from "./dialog.js";
import { attempt, fill, h, icon } from "./dom.js";

const APART = 40; // milliseconds between two searches: a letter is searched for at once, what follows on its heels together
const KINDS = { grids: "Grids", variations: "Variations", upscales: "Upscales", extensions: "Zoomed and panned", edits: "Edits" };
const SHAPES = { landscape: "Landscape", portrait: "Portrait", square: "Square" };

/** Fires "change" when other pictures are wanted; `values` are what the server's query takes. */
export class FilterBar extends EventTarget {
  constructor({ shared = false } = {}) {
    super();
    this.shared = shared;
    this.searched = -Infinity;
    this.search = h("input", {
      className: "field search", type: "search", placeholder: "Search prompts", maxLength: 300, autocomplete: "off", enterKeyHint: "search",
      aria: { label: "Search prompts" }, oninput: () => this.#typed(),
    });
    this.hearts = h("button", {
      className: "button chip", type: "button", aria: { pressed: "false" },
      onclick: () => { this.hearts.ariaPressed = this.hearts.ariaPressed === "true" ? "false" : "true"; this.#changed(); },
    }, icon("heart", 16), "Favourites");
    this.model = this.#menu("Model", [["", "Any model"]]);
    this.kind = this.#menu("Kind", [["", "Any kind"], ...Object.entries(KINDS)]);
    this.shape = this.#menu("Shape", [["", "Any shape"], ...Object.entries(SHAPES)]);
    this.folder = this.#menu("Folder", [["", "All folders"]]);
    this.since = this.#date("From");
    this.until = this.#date("To");
    this.managed = h("span", { className: "managed" });
    const more = h("div", { className: "more", id: "more-filters" },
      shared ? [] : this.hearts, this.model, this.kind, this.shape, shared ? [] : [this.folder, this.managed],
      h("label", { className: "dated" }, "From ", this.since), h("label", { className: "dated" }, "to ", this.until));
    const toggle = h("button", {
      className: "button chip toggle", type: "button", aria: { expanded: "false", controls: "more-filters" },
      onclick: () => { toggle.ariaExpanded = String(more.classList.toggle("open")); },
    }, "Filters");
    this.count = h("p", { className: "count", role: "status" });
    this.node = h("div", { className: "filters", role: "search" }, this.search, toggle, more, this.count);
  }

  get values() {
    return {
      of: this.shared ? "shared" : null,
      words: this.search.value.trim(),
      favourites: this.hearts.ariaPressed === "true" ? 1 : null,
      model: this.model.value, kind: this.kind.value, shape: this.shape.value, folder: this.folder.value,
      since: seconds(this.since.value), until: seconds(this.until.value, 1),
    };
  }

  /** Whether anything is left out. */
  get narrow() {
    return Object.entries(this.values).some(([name, value]) => name !== "of" && value);
  }

  /** Ask what there is to choose from. */
  async load() {
    const found = await get("filters");
    this.folders = found.folders;
    options(this.model, [["", "Any model"], ...found.models.map((name) => [name, name])]);
    options(this.folder, [["", "All folders"], ...found.folders.map(({ id, name, pictures }) => [String(id), `${name} (${pictures})`])]);
    this.#manage();
  }

  /** Say how many pictures there are. */
  said(total) {
    this.count.textContent = total === 1 ? "1 picture" : `${total.toLocaleString("en")} pictures`;
  }

  #menu(label, choices) {
    const menu = h("select", { className: "field", aria: { label }, onchange: () => { this.#manage(); this.#changed(); } });
    options(menu, choices);
    return menu;
  }

  #date(label) {
    return h("input", { className: "field", type: "date", aria: { label }, onchange: () => this.#changed() });
  }

  #manage() {
    const chosen = this.folders?.find((each) => String(each.id) === this.folder.value);
    if (!chosen) return fill(this.managed);
    fill(this.managed,
      h("button", { className: "button round", type: "button", title: "Rename this folder", aria: { label: `Rename the folder ${chosen.name}` }, onclick: () => this.#rename(chosen) }, icon("pencil", 16)),
      h("button", { className: "button round", type: "button", title: "Delete this folder", aria: { label: `Delete the folder ${chosen.name}` }, onclick: () => this.#delete(chosen) }, icon("trash", 16)));
  }

  async #rename(folder) {
    const name = await askText("Rename the folder", "Name", { value: folder.name });
    if (name && await attempt(() => patch(`folders/${folder.id}`, { name }))) await this.load();
  }

  async #delete(folder) {
    if (!await sure("Delete the folder", `“${folder.name}” goes; the pictures in it stay.`, "Delete the folder")) return;
    if (!await attempt(() => remove(`folders/${folder.id}`))) return;
    this.folder.value = "";
    await this.load();
    this.#changed();
  }

  #typed() {
    clearTimeout(this.typing);
    const wait = this.searched + APART - performance.now();
    if (wait > 0) this.typing = setTimeout(() => this.#search(), wait);
    else this.#search();
  }

  #search() {
    this.searched = performance.now();
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/** A new folder by a name that is asked for; its id, or null. */
export async function newFolder() {
  const name = await askText("New folder", "Name", { confirm: "Make the folder" });
  let made = null;
  if (name) await attempt(async () => { made = (await post("folders", { name })).id; });
  return made;
}

/** The begin of a day, or of one later, in seconds since 1970. */
function seconds(day, later = 0) {
  if (!day) return null;
  const date = new Date(`${day}T00:00:00`);
  date.setDate(date.getDate() + later);
  return date.getTime() / 1000;
}

function options(menu, choices) {
  const before = menu.value;
  fill(menu, choices.map(([value, words]) => h("option", { value }, words)));
  menu.value = choices.some(([value]) => value === before) ? before : "";
}
