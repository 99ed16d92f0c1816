/* Where one writes: messages, files, and commands with a field for each option. */

import { Refused, Unreachable, server } from "./api.js";
import { CommandForm } from "./command-form.js";
import { fileTile } from "./dialogs.js";
import { bytes, fill, h, icon } from "./dom.js";

const SHOWN = 40;

export class Composer {
  constructor(root, view) {
    this.root = root;
    this.view = view;
    this.store = view.store;
    this.commands = [];
    this.files = [];
    this.replyTo = null;
    this.form = null;
    this.drafts = new Map();
    this.build();
    this.store.addEventListener("state", () => this.loadCommands());
    this.store.addEventListener("typing", () => this.tellTyping());
    this.store.addEventListener("message", () => this.tellTyping());
    server.addEventListener("answer", () => { if (this.unreachable) this.tellProblem(null); });
  }

  build() {
    this.text = h("textarea", {
      id: "write", rows: 1, maxLength: 2000, autocomplete: "off", spellcheck: true,
      role: "combobox",
      aria: { haspopup: "listbox", expanded: "false", controls: "suggestions", autocomplete: "list", label: "Message" },
      oninput: () => this.typed(),
      onkeydown: (event) => this.key(event),
      onpaste: (event) => { if (event.clipboardData.files.length) { event.preventDefault(); this.take([...event.clipboardData.files]); } },
    });
    this.picker = h("input", { type: "file", multiple: true, hidden: true, tabIndex: -1, aria: { label: "Attach files" }, onchange: () => { this.take([...this.picker.files]); this.picker.value = ""; } });
    this.above = h("div", { className: "composer-above" });
    this.suggestions = h("div", { className: "suggestions", id: "suggestions", role: "listbox", hidden: true, aria: { label: "Commands" } });
    this.plain = h("div", { className: "composer-line" },
      h("button", { type: "button", className: "plain", title: "Attach files", aria: { label: "Attach files" }, onclick: () => this.picker.click() }, icon("plus", 22)),
      this.picker, this.text,
      h("button", { type: "button", className: "plain", title: "Commands", aria: { label: "Commands" }, onclick: () => this.openCommands() }, icon("slash", 20)),
      h("button", { type: "button", className: "plain send", title: "Send", aria: { label: "Send" }, onclick: () => this.send() }, icon("send", 20)));
    this.slot = h("div", { className: "composer-slot" }, this.plain);
    this.status = h("p", { className: "writers", aria: { live: "polite" } });
    this.problem = h("p", { className: "failed composer-problem", role: "alert", hidden: true });
    this.box = h("div", { className: "composer" }, this.above, this.slot);
    fill(this.root, this.suggestions, this.problem, this.box, this.status);
  }

  async enter(channel) {
    this.swapDrafts(channel);
    const name = channel.kind === "text" ? `#${channel.name}` : `@${channel.name}`;
    this.text.placeholder = `Message ${name}`;
    this.text.setAttribute("aria-label", `Message ${name}`);
    this.grow();
    this.renderAbove();
    this.hideSuggestions();
    this.tellTyping();
    await this.loadCommands();
  }

  /** Put away what is half written here, and take out what was half written there. */
  swapDrafts(channel) {
    const form = this.form?.filled() ? this.form : null;
    if (this.channel) this.drafts.set(this.channel.id, { text: this.text.value, files: this.files, form });
    this.channel = channel;
    this.closeForm(false);
    const draft = this.drafts.get(channel.id) ?? { text: "", files: [], form: null };
    this.text.value = draft.text;
    this.files = draft.files;
    this.replyTo = null;
    if (draft.form) this.putBack(draft.form);
  }

  async loadCommands() {
    if (!this.channel) return;
    const asked = this.channel.id;
    const found = await this.view.api.commands(this.store.person, asked).catch(() => null);
    if (found && asked === this.channel.id) {
      this.commands = found;
      this.view.commandsKnown(found);
      if (!this.suggestions.hidden) this.typed();
    }
  }

  chatCommands() {
    return this.commands.filter((command) => command.type === 1).flatMap(flatten);
  }

  grow() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight, 300)}px`;
  }

  /** Say what is wrong, or nothing any more; `unreachable` is over once the server answers. */
  tellProblem(text, unreachable = false) {
    this.problem.textContent = text ?? "";
    this.problem.hidden = !text;
    this.unreachable = unreachable;
    this.warned = false;
  }

  tellRefusal(error) {
    this.tellProblem(error.message, error instanceof Unreachable);
  }

  /** Be ready for what is typed next. */
  focus() {
    if (this.form) this.form.focus();
    else this.text.focus();
  }

  tellTyping() {
    const names = this.store.writers(this.channel?.id).map((user) => user.display);
    fill(this.status, names.length ? [h("b", {}, names.join(", ")), ` ${names.length > 1 ? "are" : "is"} typing…`] : "");
  }

  // Commands

  typed() {
    this.grow();
    this.tellProblem(null);
    const { value } = this.text;
    const line = /^\/([^\n]*)$/.exec(value);
    if (!line) return this.hideSuggestions();
    const exact = this.chatCommands().find((command) => value.startsWith(`/${command.path} `));
    if (exact) return this.openForm(exact, value.slice(exact.path.length + 2));
    const wanted = line[1].toLowerCase();
    const all = this.chatCommands();
    const found = [...all.filter((c) => c.path.startsWith(wanted)), ...all.filter((c) => !c.path.startsWith(wanted) && c.path.includes(wanted))];
    this.suggest(found.slice(0, SHOWN), wanted);
  }

  suggest(found, wanted) {
    this.found = found;
    this.at = 0;
    const bot = this.store.applications[0];
    fill(this.suggestions, found.length
      ? [h("div", { className: "suggestions-title", role: "presentation" }, wanted ? `Commands matching /${wanted}` : "Commands"),
        found.map((command, n) => h("div", {
          className: "suggestion", role: "option", id: `command-${n}`, aria: { selected: "false" },
          onclick: () => this.openForm(command), onpointermove: () => this.mark(n),
        }, h("span", { className: "suggestion-words" },
          h("span", {}, h("b", {}, `/${command.path}`), command.options.map((option) => h("span", { className: option.required ? "hint needed" : "hint" }, option.name))),
          h("small", {}, command.description)), h("small", { className: "suggestion-app" }, bot?.name ?? "")))]
      : h("p", { className: "suggestions-none" }, bot?.online ? "No command of that name" : "The bot is not connected yet"));
    this.suggestions.hidden = false;
    this.text.setAttribute("aria-expanded", "true");
    if (found.length) this.mark(0);
  }

  mark(n) {
    const options = [...this.suggestions.querySelectorAll(".suggestion")];
    options[this.at]?.setAttribute("aria-selected", "false");
    this.at = (n + options.length) % options.length;
    options[this.at].setAttribute("aria-selected", "true");
    options[this.at].scrollIntoView({ block: "nearest" });
    this.text.setAttribute("aria-activedescendant", options[this.at].id);
  }

  hideSuggestions() {
    this.suggestions.hidden = true;
    this.text.setAttribute("aria-expanded", "false");
    this.text.removeAttribute("aria-activedescendant");
  }

  openCommands() {
    this.closeForm();
    this.text.value = "/";
    this.text.focus();
    this.typed();
  }

  /** Open the fields of a command; `text` is what was typed after its name. */
  openForm(command, text = "") {
    this.hideSuggestions();
    this.text.value = "";
    this.form?.close();
    this.form = new CommandForm(command, this, text);
    fill(this.slot, this.form.node);
    this.renderAbove();
    this.form.focus();
    if (this.form.leftOut) this.tellProblem(`/${command.path} takes no words; left out: ${this.form.leftOut}`);
  }

  /** Put back a command that was refused, as it was filled in. */
  reopen(form, refusal) {
    this.closeForm(false);
    this.putBack(form);
    this.tellRefusal(refusal);
    form.focus();
  }

  putBack(form) {
    form.reopen();
    this.form = form;
    fill(this.slot, form.node);
    this.renderAbove();
  }

  /** Leave the command: at once where nothing is filled in, else at the second time. */
  escapeForm() {
    if (!this.form.filled() || this.warned) {
      this.closeForm();
      return;
    }
    this.tellProblem("Press Esc again to leave the command; what you typed will be lost.");
    this.warned = true;
  }

  /** Open a command by its name, or the list of its subcommands. */
  begin(path, text = "") {
    const command = this.chatCommands().find((each) => each.path === path);
    if (command) return this.openForm(command, text);
    this.text.value = `/${path}`;
    this.text.focus();
    return this.typed();
  }

  /** Open the command that a whole line begins with, filled in. */
  beginWith(line) {
    const command = this.chatCommands().find((each) => line.startsWith(`/${each.path} `));
    if (command) return this.openForm(command, line.slice(command.path.length + 2));
    return this.tellProblem("The bot is not here yet.");
  }

  closeForm(focus = true) {
    if (!this.form) return;
    this.form.close();
    this.form = null;
    fill(this.slot, this.plain);
    this.renderAbove();
    this.tellProblem(null);
    if (focus) this.text.focus();
  }

  async useCommand(command, options, files) {
    const channel = this.channel.id;
    await this.store.use({ kind: "command", channel, command: command.path, options }, files);
  }

  // Files

  take(files) {
    this.tellProblem(null);
    const big = files.find((file) => file.size > this.store.fileBytes);
    if (big) return this.tellProblem(`${big.name} is ${bytes(big.size)}; ${bytes(this.store.fileBytes)} is the most.`);
    if (this.form?.take(files)) return undefined;
    if (this.form?.filled()) return this.tellProblem(`/${this.form.command.path} takes no file.`);
    this.closeForm();
    this.files.push(...files.slice(0, 10 - this.files.length));
    this.renderAbove();
    this.text.focus();
    return undefined;
  }

  renderAbove() {
    fill(this.above,
      this.form?.hint,
      this.replyTo && h("div", { className: "replying" }, "Replying to ", h("b", {}, this.replyTo.name),
        h("button", { type: "button", className: "plain", aria: { label: "Do not reply" }, onclick: () => this.reply(null) }, icon("close", 16))),
      !this.form && this.files.length > 0 && h("div", { className: "tiles" }, this.files.map((file, n) =>
        fileTile(file, () => { this.files.splice(n, 1); this.renderAbove(); }))));
  }

  reply(message) {
    this.replyTo = message && { id: message.id, name: this.store.users.get(message.author.id)?.display ?? message.author.username };
    this.renderAbove();
    if (message) this.text.focus();
  }

  // Sending

  key(event) {
    const open = !this.suggestions.hidden && this.found?.length;
    if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      this.mark(this.at + (event.key === "ArrowDown" ? 1 : -1));
    } else if (open && (event.key === "Enter" || event.key === "Tab")) {
      event.preventDefault();
      this.openForm(this.found[this.at]);
    } else if (event.key === "Escape") {
      if (!this.suggestions.hidden) this.hideSuggestions();
      else if (this.replyTo) this.reply(null);
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.send();
    }
  }

  async send() {
    if (this.form) return this.form.send();
    const content = this.text.value.trim();
    if (!content && !this.files.length) return undefined;
    const files = this.files;
    const reply = this.replyTo;
    this.tellProblem(null);
    this.text.value = "";
    this.files = [];
    this.replyTo = null;
    this.grow();
    this.renderAbove();
    this.hideSuggestions();
    try {
      await this.view.api.say(this.store.person, { channel: this.channel.id, content, reply_to: reply?.id }, files);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.tellRefusal(error);
      this.text.value = content;
      this.files = files;
      this.grow();
      this.renderAbove();
    }
    return undefined;
  }
}

/** A command, or each of its subcommands, with `path`, description and options. */
function flatten(command) {
  const nested = (command.options ?? []).filter((option) => option.type <= 2);
  if (!nested.length) return [{ ...command, path: command.path ?? command.name, options: command.options ?? [] }];
  return nested.flatMap((each) => flatten({ ...each, type: 1, path: `${command.path ?? command.name} ${each.name}` }));
}

