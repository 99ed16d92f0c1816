/* The box that a prompt is typed into: what may follow at the cursor, and what is wrong, under its place. */

import { post } from "./api.js";
import { fill, h } from "./dom.js";

const PAUSE = 160; // milliseconds without a key after which the prompt is looked at
let boxes = 0;

/** Fires "change" with every change of the text, "send" when it is to be drawn. */
export class PromptBox extends EventTarget {
  constructor({ label = "Prompt", value = "", rows = 3 } = {}) {
    super();
    boxes += 1;
    const [listed, wrong] = [`completions-${boxes}`, `problems-${boxes}`];
    this.field = h("textarea", {
      className: "field prompt", rows, value, spellcheck: "false", autocomplete: "off", maxLength: 6000,
      role: "combobox", aria: { label, expanded: "false", controls: listed, autocomplete: "list", describedby: wrong, haspopup: "listbox" },
    });
    this.mirror = h("div", { className: "prompt-mirror", aria: { hidden: "true" } });
    this.list = h("ul", { className: "completions", id: listed, role: "listbox", hidden: true, aria: { label: "How it may go on" } });
    this.problems = h("ul", { className: "problems", id: wrong, aria: { live: "polite" } });
    this.node = h("div", { className: "prompt-box" }, h("div", { className: "prompt-text" }, this.mirror, this.field, this.list), this.problems);
    this.chosen = -1;
    this.offered = [];
    this.field.addEventListener("input", () => this.#typed());
    this.field.addEventListener("keydown", (event) => this.#key(event));
    this.field.addEventListener("scroll", () => { this.mirror.scrollTop = this.field.scrollTop; });
    this.field.addEventListener("blur", () => this.#offer([]));
  }

  get text() {
    return this.field.value;
  }

  /** Another text that somebody did not type, such as a slider's. */
  rewrite(text) {
    this.field.value = text;
    this.#offer([]);
    this.#look({ quietly: true });
    this.dispatchEvent(new Event("change"));
  }

  /** Show what is wrong: places are counted from the start of the text, less `before` characters. */
  complain(problems, before = 0) {
    const text = this.text;
    const found = problems.map((each) => ({ ...each, start: Math.max(0, each.start - before), end: Math.max(0, each.end - before) }));
    const parts = [];
    let at = 0;
    for (const { start, end } of found) {
      if (start < at) continue;
      parts.push(text.slice(at, start), h("mark", {}, text.slice(start, Math.max(end, start + 1)) || " "));
      at = Math.max(end, start + 1);
    }
    fill(this.mirror, parts, text.slice(at), "\n");
    this.mirror.scrollTop = this.field.scrollTop;
    fill(this.problems, found.map(({ message, mend }) => h("li", {}, `${message}. ${mend}`.trim())));
    this.field.setAttribute("aria-invalid", String(found.length > 0));
  }

  #typed() {
    this.complain([]);
    this.dispatchEvent(new Event("change"));
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.#look(), PAUSE);
  }

  async #look({ quietly = false } = {}) {
    const prompt = this.text;
    let said;
    try {
      said = await post("prompts", { prompt, at: this.field.selectionStart });
    } catch {
      return; // what is wrong is said when it is sent
    }
    if (prompt !== this.text) return;
    if (!quietly && document.activeElement === this.field) this.#offer(said.completions);
    const atWork = !quietly && this.offered.length > 0; // a parameter that is being typed is not wrong yet
    this.complain(atWork ? [] : said.problems);
  }

  #offer(completions) {
    this.offered = completions;
    this.chosen = -1;
    const before = this.text.slice(0, this.field.selectionStart);
    const common = before.slice(0, before.search(/\S*$/));
    fill(this.list, completions.map(({ text, means }, index) => {
      const shown = (text.startsWith(common) ? text.slice(common.length) : text).trim();
      const rest = means.startsWith(shown) ? means.slice(shown.length).replace(/^[,:\s]+/, "") : means; // its name stands there already
      return h("li", {
        role: "option", id: `${this.list.id}-${index}`, aria: { selected: "false" },
        onpointerdown: (event) => {
          event.preventDefault();
          this.#take(index);
        },
      }, h("b", {}, shown), h("span", {}, rest));
    }));
    this.list.hidden = !completions.length;
    this.field.ariaExpanded = String(completions.length > 0);
    this.field.removeAttribute("aria-activedescendant");
  }

  #take(index) {
    const rest = this.text.slice(this.field.selectionStart);
    const { text } = this.offered[index];
    this.field.value = text + rest;
    this.field.setSelectionRange(text.length, text.length);
    this.#typed();
  }

  #choose(index) {
    this.chosen = (index + this.offered.length) % this.offered.length;
    [...this.list.children].forEach((each, at) => { each.ariaSelected = String(at === this.chosen); });
    const option = this.list.children[this.chosen];
    option.scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", option.id);
  }

  #key(event) {
    if (event.isComposing) return; // the keys of an input method are its own
    const offering = this.offered.length > 0 && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key === "Enter") {
      if (event.shiftKey) return;
      event.preventDefault();
      if (event.repeat) return; // one prompt is sent once, however long the key is held
      if (offering && this.chosen >= 0) this.#take(this.chosen);
      else this.#send();
    } else if (offering) {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") this.#choose(this.chosen + (event.key === "ArrowDown" ? 1 : this.chosen < 0 ? 0 : -1));
      else if (event.key === "Tab" && !event.shiftKey) this.#take(Math.max(0, this.chosen));
      else if (event.key === "Escape") this.#offer([]);
      else return;
      event.preventDefault();
    }
  }

  #send() {
    this.#offer([]);
    this.dispatchEvent(new Event("send"));
  }
}
