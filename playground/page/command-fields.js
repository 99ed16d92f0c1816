/* The fields of a slash command: words, words with suggestions, one of a list, a file. */

import { Refused } from "./api.js";
import { bytes, fill, h, icon } from "./dom.js";

export const STRING = 3, ATTACHMENT = 11;
const INTEGER = 4, BOOLEAN = 5, USER = 6, CHANNEL = 7, NUMBER = 10;
const PAUSE_MS = 180;

/** The field for an option. */
export function field(option, id, form) {
  if (option.type === ATTACHMENT) return new FileField(option, id, form);
  if (option.choices?.length) return new ListField(option, id, form, option.choices);
  if (option.type === BOOLEAN) return new ListField(option, id, form, [{ name: "True", value: true }, { name: "False", value: false }]);
  if (option.type === USER) return new ListField(option, id, form, [...form.composer.store.users.values()].map((user) => ({ name: user.display, value: user.id })));
  if (option.type === CHANNEL) {
    const channels = [...form.composer.store.channels.values()].filter((channel) => channel.kind === "text");
    return new ListField(option, id, form, channels.map((channel) => ({ name: `#${channel.name}`, value: channel.id })));
  }
  return new TextField(option, id, form);
}

/** A field with words; the base of those that suggest. */
class TextField {
  constructor(option, id, form) {
    this.option = option;
    this.form = form;
    this.input = h("textarea", {
      id, rows: 1, spellcheck: false, autocomplete: "off", required: option.required,
      maxLength: option.max_length ?? 6000,
      inputMode: option.type === INTEGER ? "numeric" : option.type === NUMBER ? "decimal" : undefined,
      oninput: () => this.typed(),
      onkeydown: (event) => this.key(event),
      onblur: () => this.left(),
      onfocus: () => this.entered(),
    });
    this.node = h("div", { className: "command-field" }, h("label", { htmlFor: id }, option.name), this.input);
    if (option.autocomplete) this.suggesting();
  }

  suggesting() {
    this.input.setAttribute("role", "combobox");
    this.input.setAttribute("aria-autocomplete", "list");
    this.input.setAttribute("aria-expanded", "false");
    this.list = h("div", { className: "suggestions field-suggestions", role: "listbox", id: `${this.input.id}-list`, hidden: true, aria: { label: `Suggestions for ${this.option.name}` } });
    this.input.setAttribute("aria-controls", this.list.id);
    this.form.composer.root.prepend(this.list);
    this.found = [];
    this.at = 0;
  }

  typed() {
    this.node.classList.remove("missing");
    this.form.composer.tellProblem(null);
    this.chosen = undefined;
    this.touched = true;
    this.grow();
    if (this.list) this.look();
  }

  grow() {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, 160)}px`;
  }

  entered() {
    if (this.list) this.look();
  }

  left() {
    if (this.list) this.list.hidden = true;
  }

  /** Ask for suggestions after a pause. Those that are shown were for another text: no key takes them any more. */
  look() {
    clearTimeout(this.timer);
    this.found = [];
    this.list.classList.add("stale");
    this.timer = setTimeout(() => this.ask(), PAUSE_MS);
  }

  async ask() {
    const { composer } = this.form;
    const asked = this.input.value;
    try {
      const used = await composer.store.use({
        kind: "autocomplete", channel: composer.channel.id, command: this.form.command.path,
        focused: this.option.name, options: { ...this.form.soFar(), [this.option.name]: asked },
      });
      const settled = await composer.store.settled(used.id);
      if (asked === this.input.value && document.activeElement === this.input) this.suggest(settled.choices ?? []);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }

  suggest(choices) {
    // What only says again what stands there would be in the way of Enter.
    if (choices.length === 1 && String(choices[0].value).trim() === this.input.value.trim()) choices = [];
    this.found = choices;
    this.list.classList.remove("stale");
    fill(this.list, choices.map((choice, n) => h("div", {
      className: "suggestion", role: "option", id: `${this.input.id}-${n}`, aria: { selected: "false" },
      onpointerdown: (event) => { event.preventDefault(); this.choose(choice); },
      onpointermove: () => this.mark(n),
    }, h("span", {}, choice.name))));
    this.list.hidden = !choices.length;
    this.input.setAttribute("aria-expanded", String(choices.length > 0));
    if (choices.length) this.mark(0);
  }

  mark(n) {
    const options = [...this.list.children];
    options[this.at]?.setAttribute("aria-selected", "false");
    this.at = (n + options.length) % options.length;
    options[this.at].setAttribute("aria-selected", "true");
    options[this.at].scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", options[this.at].id);
  }

  /** Whether a suggestion may be taken by a key: not in an optional field that nobody has touched. */
  isWanted() {
    return this.option.required || this.touched;
  }

  choose(choice) {
    this.chosen = choice;
    this.input.value = choice.name;
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.grow();
    this.node.classList.remove("missing");
  }

  key(event) {
    const open = this.list && !this.list.hidden && this.found.length;
    if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      this.touched = true;
      this.mark(this.at + (event.key === "ArrowDown" ? 1 : -1));
    } else if (open && (event.key === "Tab" || event.key === "Enter") && !event.shiftKey && !this.chosen && this.isWanted()) {
      if (event.key === "Enter") event.preventDefault();
      this.choose(this.found[this.at]);
    } else if (open && event.key === "Escape") {
      event.preventDefault();
      this.list.hidden = true;
    } else if (event.key === "Backspace" && !this.input.value && !this.option.required) {
      event.preventDefault();
      this.form.drop(this.option);
    }
  }

  empty() { return !this.input.value.trim(); }

  value() {
    if (this.chosen) return this.chosen.value;
    const text = this.input.value.trim();
    return this.option.type === INTEGER || this.option.type === NUMBER ? Number(text) : text;
  }

  set(text) { this.input.value = text; this.grow(); }

  focus() {
    this.input.focus();
    this.input.setSelectionRange(this.input.value.length, this.input.value.length);
    requestAnimationFrame(() => this.grow());
  }

  close() {
    clearTimeout(this.timer);
    this.list?.remove();
  }

  reopen() {
    if (this.list) this.form.composer.root.prepend(this.list);
  }
}

/** A field that takes one of a list. */
class ListField extends TextField {
  constructor(option, id, form, choices) {
    super({ ...option, autocomplete: false }, id, form);
    this.choices = choices;
    this.suggesting();
  }

  look() {
    const wanted = this.input.value.trim().toLowerCase();
    this.suggest(this.choices.filter((choice) => choice.name.toLowerCase().includes(wanted)));
  }

  left() {
    super.left();
    const typed = this.input.value.trim().toLowerCase();
    const exact = this.choices.find((choice) => choice.name.toLowerCase() === typed);
    if (exact) this.chosen = exact;
    else if (!this.chosen) this.input.value = "";
  }

  entered() {
    this.suggest(this.choices);
  }
}

/** A field that takes a file, dropped or picked. */
class FileField {
  constructor(option, id, form) {
    this.option = option;
    this.file = null;
    this.input = h("input", { type: "file", id, className: "visually-hidden", onchange: () => { if (this.input.files[0]) this.set(this.input.files[0]); } });
    this.face = h("span", { className: "file-face" }, "Drop a file or choose one");
    this.node = h("div", { className: "command-field file-field" }, h("label", { htmlFor: id }, h("span", { className: "field-name" }, option.name), this.input, this.face),
      !option.required && h("button", { type: "button", className: "plain", aria: { label: `Remove ${option.name}` }, onclick: () => form.drop(option) }, icon("close", 14)));
  }

  empty() { return !this.file; }

  value() { return this.file; }

  set(file) {
    this.file = file;
    this.node.classList.remove("missing");
    fill(this.face, file.type.startsWith("image/") && this.thumbnail(file), `${file.name} · ${bytes(file.size)}`);
  }

  thumbnail(file) {
    const url = URL.createObjectURL(file);
    return h("img", { src: url, alt: "", onload: () => URL.revokeObjectURL(url) });
  }

  focus() { this.input.focus(); }
}
