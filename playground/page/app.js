/* Puts the page together: who I am, where I am, and the deeds that the parts share. */

import { api, Refused } from "./api.js";
import { Composer } from "./composer.js";
import { openModal } from "./dialogs.js";
import { fill, h, icon } from "./dom.js";
import { readAddress } from "./links.js";
import { menu, popup } from "./popup.js";
import { Sidebar } from "./sidebar.js";
import { Store } from "./store.js";
import { Timeline } from "./timeline.js";

const EMOJI = "✉️ ❌ 👍 👎 ❤️ 😂 😮 😢 🎉 🔥 👀 🙏 ✅ ⭐ 🎨 🖼️ 1️⃣ 2️⃣ 3️⃣ 4️⃣ 🔄 🚀 💡 🐈".split(" ");
const NARROW = matchMedia("(max-width: 760px)");
const TYPES = "input, textarea, select, [role=listbox], [role=menu]";
const typesIn = (node) => node.matches(TYPES) || Boolean(node.closest("[role=listbox], [role=menu]"));
/** A space presses buttons and scrolls the conversation. */
const isUsedBy = ({ key, target }) => key === " " && Boolean(target.closest("button, [role=button], .timeline"));
const byId = (id) => document.getElementById(id);

class App {
  constructor() {
    this.api = api;
    this.store = new Store();
    this.names = {
      user: (id) => this.store.users.get(id)?.display,
      channel: (id) => this.store.channels.get(id)?.name,
    };
    this.timeline = new Timeline(byId("timeline"), this);
    this.composer = new Composer(byId("below"), this);
    this.sidebar = new Sidebar({ rail: byId("rail"), side: byId("side"), people: byId("people") }, this);
    this.store.addEventListener("interaction", ({ detail }) => this.followModal(detail));
    for (const kind of ["state", "connection"]) this.store.addEventListener(kind, () => this.renderBar());
    window.addEventListener("hashchange", () => this.shown() || this.follow());
    window.addEventListener("focus", () => this.channel && this.store.markRead(this.channel.id));
    document.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("click", (event) => this.followLink(event));
    byId("veil").addEventListener("click", () => this.closeDrawer());
    NARROW.addEventListener("change", () => this.setDrawer(false));
    this.acceptDrops(byId("main"));
  }

  async start() {
    const asked = new URLSearchParams(location.search).get("as");
    await this.store.enter(asked ?? localStorage.getItem("person") ?? "ada").catch(() => this.store.enter("ada"));
    this.follow();
    document.documentElement.dataset.ready = "true";
  }

  // Where

  follow() {
    const asked = readAddress(location.hash);
    const wanted = this.store.channels.get(asked.channel) ?? this.store.channels.get(localStorage.getItem("channel"))
      ?? [...this.store.channels.values()].find((channel) => channel.kind === "text");
    if (!wanted) return;
    this.show(wanted);
    if (asked.message && wanted.id === asked.channel) this.goTo(asked);
  }

  /** Whether the address names the channel in view. */
  shown() {
    return location.hash === `#/${this.channel?.id}`;
  }

  /** A link to a place of this page is followed at once, a second time too. */
  followLink(event) {
    const link = event.target.closest?.('a[href^="#/"]');
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.goTo(readAddress(link.getAttribute("href")));
  }

  /** Show a channel, and in it a message. */
  async goTo({ channel, message }) {
    const wanted = this.store.channels.get(channel);
    if (!wanted) return;
    if (wanted !== this.channel) this.open(wanted);
    if (message) await this.jump(message);
  }

  /** Go there at once: what is typed next is meant for that channel, and the address is told of a change only later. */
  open(channel) {
    if (!channel) return;
    location.hash = `#/${channel.id}`;
    this.show(channel);
  }

  show(channel) {
    this.channel = channel;
    localStorage.setItem("channel", channel.id);
    this.setDrawer(false);
    document.title = `${channel.kind === "text" ? "#" : "@"}${channel.name} · Playground`;
    this.sidebar.show(channel);
    this.renderBar();
    this.composer.enter(channel);
    this.opened = this.attempt(() => this.timeline.show(channel.id)).then(() => this.channel === channel && this.store.markRead(channel.id));
    if (matchMedia("(hover: hover)").matches) this.composer.focus();
  }

  renderBar() {
    if (!this.channel) return;
    const bot = this.store.applications[0];
    const state = bot
      ? h("span", { className: bot.online ? "pill good" : "pill" }, h("span", { className: bot.online ? "dot online" : "dot" }), `${bot.name} ${bot.online ? "is here" : "is away"}`)
      : h("span", { className: "pill" }, h("span", { className: "dot" }), "Waiting for a bot");
    fill(byId("bar"),
      h("button", { type: "button", className: "plain drawer-button", aria: { label: "Channels", expanded: String(this.drawerIsOpen()) }, onclick: () => this.openDrawer() }, icon("menu", 22)),
      icon(this.channel.kind === "text" ? "hash" : "at", 22), h("h2", {}, this.channel.name),
      this.channel.topic && h("p", { className: "topic" }, this.channel.topic),
      h("span", { className: "push" }),
      this.store.connected ? state : h("span", { className: "pill bad", role: "status" }, "Reconnecting…"),
      h("button", { type: "button", className: "plain people-button", title: "People", aria: { label: "Show or hide people" }, onclick: () => this.togglePeople() }, icon("people", 22)));
  }

  // The drawer of a narrow screen: all else is out of reach while it is open

  drawerIsOpen() {
    return byId("app").classList.contains("drawer");
  }

  setDrawer(open) {
    byId("app").classList.toggle("drawer", open);
    byId("main").inert = open;
    byId("bar").querySelector(".drawer-button")?.setAttribute("aria-expanded", String(open));
  }

  openDrawer() {
    this.setDrawer(true);
    byId("side").querySelector("[aria-current=page]")?.focus();
  }

  closeDrawer() {
    this.setDrawer(false);
    byId("bar").querySelector(".drawer-button").focus();
  }

  togglePeople() {
    byId("app").classList.toggle("no-people");
  }

  /** What stands above the first message of a channel. */
  beginning(channel) {
    const name = channel.kind === "text" ? `#${channel.name}` : channel.name;
    this.tips = h("div", { className: "tips" });
    this.commandsKnown(this.composer.commands);
    return [h("span", { className: "beginning-face" }, icon(channel.kind === "text" ? "hash" : "at", 36)),
      h("h2", {}, channel.kind === "text" ? `This is ${name}` : `You and ${name}`),
      h("p", {}, channel.topic || "Nothing was said before this."), this.suggestions(), this.tips];
  }

  /** Whole commands to try, as the server was started with. */
  suggestions() {
    const { suggestions } = this.store;
    return suggestions.length > 0 && h("div", { className: "suggested", role: "group", aria: { labelledby: "suggested" } },
      h("p", { id: "suggested" }, "Try one, then press Enter:"),
      suggestions.map((text) => h("button", { type: "button", className: "suggested-one", onclick: () => this.composer.beginWith(text) }, text)));
  }

  commandsKnown(commands) {
    if (!this.tips) return;
    const chat = commands.filter((command) => command.type === 1).slice(0, 8);
    fill(this.tips, chat.map((command) => h("button", { type: "button", className: "chip", title: command.description, onclick: () => this.composer.begin(command.name) }, `/${command.name}`)));
  }

  // Who

  async become(name) {
    localStorage.setItem("person", name);
    await this.store.enter(name);
    this.follow();
  }

  nextPerson() {
    const people = [...this.store.users.values()].filter((user) => !user.bot);
    const at = people.findIndex((user) => user.id === this.store.me.id);
    return this.become(people[(at + 1) % people.length].name);
  }

  async arrive(name) {
    await api.arrive(name.toLowerCase(), name);
    await this.become(name.toLowerCase());
  }

  isDark() {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : !matchMedia("(prefers-color-scheme: light)").matches;
  }

  toggleTheme() {
    const theme = this.isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    localStorage.setItem("theme", theme);
    this.sidebar.render();
  }

  // Deeds on messages

  async attempt(deed) {
    try {
      return await deed();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.composer.tellRefusal(error);
      return undefined;
    }
  }

  press(message, customId, values) {
    return this.attempt(() => this.store.use({ kind: "component", message: message.id, custom_id: customId, values }));
  }

  react(message, emoji, away = false) {
    return this.attempt(() => api.react(this.store.person, message.id, emoji, away));
  }

  remove(message) {
    return this.attempt(() => api.remove(this.store.person, message.id));
  }

  reply(message) {
    if (this.composer.form?.filled()) {
      this.composer.tellProblem("Send or leave the command first: a reply would take its place.");
      return;
    }
    this.composer.closeForm();
    this.composer.reply(message);
  }

  /** Bring a message of this channel into view. */
  async jump(id) {
    await this.opened;
    const there = await this.attempt(() => this.timeline.jump(id));
    if (there === false) this.composer.tellProblem("This message is gone.");
  }

  emoji(message, anchor) {
    const grid = h("div", { className: "emoji-grid", role: "group", aria: { label: "Reactions" } }, EMOJI.map((emoji) =>
      h("button", { type: "button", aria: { label: `React with ${emoji}` }, onclick: () => { shown.close(); this.react(message, emoji); } }, emoji)));
    const shown = popup(grid, anchor, { align: "right", width: 240 });
    grid.firstChild.focus();
  }

  menu(message, anchor) {
    const mine = message.author.id === this.store.me.id || message.ephemeral;
    const apps = this.composer.commands.filter((command) => command.type === 3);
    menu([
      ...apps.map((command) => ({ label: command.name, face: icon("bolt", 18), act: () => this.attempt(() => this.store.use({ kind: "message_command", message: message.id, command: command.name })) })),
      ...(apps.length ? ["line"] : []),
      { label: "Copy text", face: icon("file", 18), act: () => navigator.clipboard.writeText(message.content) },
      { label: "Copy message id", face: icon("hash", 18), act: () => navigator.clipboard.writeText(message.id) },
      ...(mine || this.ownsGuild() ? [{ label: message.ephemeral ? "Dismiss" : "Delete message", face: icon("trash", 18), danger: true, act: () => this.remove(message) }] : []),
    ], anchor, "Message");
  }

  ownsGuild() {
    return this.store.guilds.some((guild) => guild.id === this.channel.guild_id && guild.owner_id === this.store.me.id);
  }

  // Dialogs that bots open

  followModal(interaction) {
    if (!interaction.modal || interaction.status !== "answered" || !this.store.mine.delete(interaction.id)) return;
    const bot = this.store.users.get(interaction.application_id)?.display ?? "The application";
    openModal(interaction.modal, bot, this.names, async (values, files) => {
      const used = await this.store.use({ kind: "modal", interaction: interaction.id, values }, files);
      return this.store.settled(used.id);
    });
  }

  // Keys and drops

  key(event) {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (this.drawerIsOpen()) {
      if (event.key === "Escape") this.closeDrawer();
      return;
    }
    if (event.altKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const channels = this.sidebar.channelsOf(this.sidebar.place);
      const at = channels.findIndex((channel) => channel.id === this.channel.id);
      this.open(channels[(at + (event.key === "ArrowDown" ? 1 : -1) + channels.length) % channels.length]);
    } else if (event.key === "Escape" && event.target.closest(".timeline")) {
      this.composer.text.focus();
    } else if (event.key.length === 1 && !isUsedBy(event) && !event.ctrlKey && !event.metaKey && !event.altKey && !typesIn(event.target)) {
      if (this.composer.form) this.composer.form.takeKey();
      else this.composer.text.focus();
    }
  }

  acceptDrops(root) {
    const veil = h("div", { className: "drop", hidden: true }, h("div", {}, icon("file", 40), h("b", {}, "Drop to attach"), h("span", {}, "It goes into the open command, or into a message")));
    root.append(veil);
    const carries = (event) => event.dataTransfer?.types.includes("Files");
    root.addEventListener("dragenter", (event) => { if (carries(event)) veil.hidden = false; });
    veil.addEventListener("dragleave", (event) => { if (!veil.contains(event.relatedTarget)) veil.hidden = true; });
    root.addEventListener("dragover", (event) => { if (carries(event)) event.preventDefault(); });
    root.addEventListener("drop", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      veil.hidden = true;
      this.composer.take([...event.dataTransfer.files]);
    });
  }
}

const app = new App();
await app.start();
