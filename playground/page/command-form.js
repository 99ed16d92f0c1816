/* A slash command being filled in: a field for each option, suggestions, and what is still missing. */

import { Refused } from "./api.js";
import { ATTACHMENT, STRING, field } from "./command-fields.js";
import { fill, h, icon } from "./dom.js";

let count = 0;

export class CommandForm {
  /** `text` goes into the first option that takes words, without the option's own name before it. */
  constructor(command, composer, text = "") {
    this.command = command;
    this.composer = composer;
    this.fields = new Map();
    this.hint = h("div", { className: "hint-line" });
    this.chips = h("div", { className: "option-chips" });
    this.line = h("div", { className: "command-fields" });
    this.node = h("div", { className: "command-form", tabIndex: -1, role: "group", aria: { label: `Command ${command.path}` }, onkeydown: (event) => this.key(event) },
      h("div", { className: "command-line" },
        h("button", { type: "button", className: "plain", title: "Leave the command", aria: { label: "Leave the command" }, onclick: () => composer.closeForm() }, icon("close", 20)),
        h("span", { className: "command-name" }, `/${command.path}`),
        this.line,
        h("button", { type: "button", className: "plain send", title: "Send", aria: { label: "Send" }, onclick: () => this.send() }, icon("send", 20))),
      this.chips);
    for (const option of command.options) if (option.required) this.add(option);
    // Without anything required, what is typed next is for the first option that takes words.
    const wordy = command.options.find((option) => option.type === STRING && !option.choices?.length);
    if (wordy && (text || !this.fields.size)) this.add(wordy);
    if (text && wordy) this.fields.get(wordy.name).set(text.replace(new RegExp(`^\\s*${wordy.name}:\\s*`), ""));
    this.leftOut = wordy ? "" : text.trim();
    this.renderChips();
    this.tell(command.options.find((option) => option.required) ?? null);
  }

  tell(option) {
    if (!option) {
      fill(this.hint, h("b", {}, `/${this.command.path}`), " ", this.command.description);
      return;
    }
    const range = [option.min_value != null && `from ${option.min_value}`, option.max_value != null && `to ${option.max_value}`].filter(Boolean).join(" ");
    fill(this.hint, h("b", {}, option.name), " ", option.description, range && ` (${range})`, !option.required && h("i", {}, " optional"));
  }

  renderChips() {
    const rest = this.command.options.filter((option) => !this.fields.has(option.name));
    fill(this.chips, rest.map((option) => h("button", {
      type: "button", className: "chip", title: option.description,
      onclick: () => { this.add(option); this.renderChips(); this.fields.get(option.name).focus(); },
    }, icon("plus", 12), option.name)));
  }

  add(option) {
    if (this.fields.has(option.name)) return;
    count += 1;
    const made = field(option, `opt-${count}`, this);
    this.fields.set(option.name, made);
    made.node.addEventListener("focusin", () => this.tell(option));
    this.line.append(made.node);
  }

  drop(option) {
    this.fields.get(option.name).node.remove();
    this.fields.delete(option.name);
    this.renderChips();
    this.focus();
  }

  focus() {
    const fields = [...this.fields.values()];
    const empty = fields.find((field) => field.empty()) ?? fields.at(-1);
    if (empty) empty.focus();
    else this.node.focus();
  }

  /** A key was pressed beside the fields: it is meant for one of them. */
  takeKey() {
    const [first] = this.command.options;
    if (!first) {
      this.composer.tellProblem(`/${this.command.path} takes no words.`);
      return;
    }
    if (!this.fields.size) {
      this.add(this.command.options.find((option) => option.type === STRING) ?? first);
      this.renderChips();
    }
    this.focus();
  }

  /** Whether something was filled in that would be lost. */
  filled() {
    return [...this.fields.values()].some((each) => !each.empty());
  }

  close() {
    for (const field of this.fields.values()) field.close?.();
  }

  reopen() {
    for (const field of this.fields.values()) field.reopen?.();
  }

  /** Give dropped files to the options that take one; true when one did. */
  take(files) {
    const takers = this.command.options.filter((option) => option.type === ATTACHMENT);
    let n = 0;
    for (const option of takers) {
      if (n >= files.length) break;
      if (this.fields.has(option.name) && !this.fields.get(option.name).empty()) continue;
      this.add(option);
      this.fields.get(option.name).set(files[n]);
      n += 1;
    }
    this.renderChips();
    return n > 0;
  }

  key(event) {
    if (event.defaultPrevented) return;
    if (event.key === "Escape") {
      event.preventDefault();
      this.composer.escapeForm();
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.tagName !== "BUTTON") {
      event.preventDefault();
      this.send();
    }
  }

  async send() {
    const options = {};
    const files = [];
    for (const [name, field] of this.fields) {
      if (field.empty()) {
        if (!field.option.required) continue;
        field.node.classList.add("missing");
        this.composer.tellProblem(`${name} is needed.`);
        field.focus();
        return;
      }
      const value = field.value();
      options[name] = value instanceof File ? { file: files.push(value) - 1 } : value;
    }
    this.composer.closeForm();
    try {
      await this.composer.useCommand(this.command, options, files);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.composer.reopen(this, error);
    }
  }

  /** What is filled in so far, for suggestions. */
  soFar() {
    const options = {};
    for (const [name, field] of this.fields) {
      if (!field.empty() && field.option.type !== ATTACHMENT) options[name] = field.value();
    }
    return options;
  }
}
