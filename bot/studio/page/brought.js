/* Pictures that are brought along: dropped, pasted or chosen; each is an image prompt, a style or a reference. */

import { pictureAddress, post } from "./api.js";
import { attempt, fill, h, icon, notice } from "./dom.js";

const ROLES = [["image", "Image prompt"], ["sref", "Style"], ["cref", "Character"], ["oref", "Thing that must appear"]];
const OWN = "application/x-easel-picture"; // what one of the studio's pictures is dragged as

/** Fires "change". */
export class Brought extends EventTarget {
  constructor() {
    super();
    this.pictures = [];
    this.list = h("ul", { className: "brought", aria: { label: "Pictures of the prompt" } });
    this.file = h("input", { type: "file", accept: "image/*", multiple: true, className: "visually-hidden", tabIndex: -1, aria: { label: "Choose pictures" }, onchange: () => this.#files([...this.file.files]) });
    this.node = h("div", { className: "bring" }, this.list, this.file,
      h("button", { className: "button", type: "button", onclick: () => this.file.click() }, icon("plus", 18), "Add pictures"));
  }

  /** Take what is dropped on an element, or pasted into it. */
  catches(node) {
    node.addEventListener("dragover", (event) => {
      event.preventDefault();
      node.classList.add("dropping");
    });
    node.addEventListener("dragleave", () => node.classList.remove("dropping"));
    node.addEventListener("drop", (event) => {
      event.preventDefault();
      node.classList.remove("dropping");
      const own = event.dataTransfer.getData(OWN);
      if (own) this.add({ picture: own }, pictureAddress(own));
      else this.#files([...event.dataTransfer.files]);
    });
    node.addEventListener("paste", (event) => {
      const files = [...event.clipboardData.files];
      if (!files.length) return;
      event.preventDefault();
      this.#files(files);
    });
  }

  /** Bring a file, or one of the studio's pictures. */
  async add(what, shown) {
    await attempt(async () => {
      const { link, notes } = await post("uploads", what);
      notes.forEach((note) => notice(note));
      this.pictures.push({ link, shown: shown ?? new URL(link).pathname, role: "image" });
      this.#show();
    });
  }

  /** What stands before the prompt, and behind it. */
  get around() {
    const links = (role) => this.pictures.filter((each) => each.role === role).map((each) => each.link);
    const before = links("image").map((link) => `${link} `).join("");
    const behind = ROLES.slice(1).filter(([role]) => links(role).length).map(([role]) => ` --${role} ${links(role).join(" ")}`).join("");
    return { before, behind };
  }

  clear() {
    this.pictures = [];
    this.#show();
  }

  async #files(files) {
    for (const file of files) {
      if (file.type && !file.type.startsWith("image/")) notice(`“${file.name}” is no picture.`, true);
      else await this.add(file);
    }
    this.file.value = "";
  }

  #show() {
    fill(this.list, this.pictures.map((each, index) => h("li", {},
      h("img", { src: each.shown, alt: `Picture ${index + 1}`, width: 56, height: 56 }),
      h("select", {
        className: "field", aria: { label: `What picture ${index + 1} is for` },
        onchange: (event) => {
          each.role = event.target.value;
          this.dispatchEvent(new Event("change"));
        },
      }, ROLES.map(([value, words]) => h("option", { value, selected: value === each.role }, words))),
      h("button", {
        className: "button round", type: "button", title: "Leave it out", aria: { label: `Leave picture ${index + 1} out` },
        onclick: () => {
          this.pictures.splice(index, 1);
          this.#show();
        },
      }, icon("close", 18)))));
    this.dispatchEvent(new Event("change"));
  }
}
