/* Places and people: the rail of guilds, the channels, who I am, who is here. */

import { askName } from "./dialogs.js";
import { avatar, fill, h, hue, icon } from "./dom.js";
import { menu } from "./popup.js";

const HOME = "home";

export class Sidebar {
  constructor(roots, view) {
    this.roots = roots;
    this.view = view;
    this.store = view.store;
    this.place = null;
    for (const kind of ["state", "read", "message", "connection"]) this.store.addEventListener(kind, () => this.later());
  }

  /** Draw once for all that happens in a frame. */
  later() {
    if (this.planned) return;
    this.planned = true;
    requestAnimationFrame(() => { this.planned = false; this.render(); });
  }

  show(channel) {
    this.channel = channel;
    this.place = channel.guild_id ?? HOME;
    this.render();
  }

  render() {
    if (!this.channel || !this.store.me) return;
    this.renderRail();
    this.renderChannels();
    this.renderPeople();
  }

  channelsOf(place) {
    return [...this.store.channels.values()].filter((channel) => (channel.guild_id ?? HOME) === place);
  }

  unread(place) {
    return this.channelsOf(place).some((channel) => channel.id !== this.channel.id && this.store.isUnread(channel));
  }

  renderRail() {
    const entry = (place, label, face) => h("li", {}, h("button", {
      type: "button", className: "place", title: label,
      aria: { label: this.unread(place) ? `${label}, unread` : label, current: place === this.place ? "true" : "false" },
      data: { unread: String(this.unread(place)), key: place },
      onclick: () => this.view.open((place === HOME ? this.bots()[0] : null) ?? this.channelsOf(place)[0]),
    }, face));
    keepFocus(this.roots.rail, () => fill(this.roots.rail, h("ul", {},
      entry(HOME, "Direct messages", icon("at", 24)),
      this.store.guilds.map((guild) => entry(guild.id, guild.name, h("span", { className: "initials", style: { "--hue": hue(guild.name) } }, guild.name.slice(0, 2)))))));
  }

  bots() {
    return this.channelsOf(HOME).filter((channel) => channel.recipients.some((id) => this.store.users.get(id)?.bot));
  }

  renderChannels() {
    const guild = this.store.guilds.find((each) => each.id === this.place);
    const link = (channel) => h("li", {}, h("a", {
      href: `#/${channel.id}`,
      className: ["channel", this.store.isUnread(channel) && channel.id !== this.channel.id && "unread"].filter(Boolean).join(" "),
      aria: { current: channel.id === this.channel.id ? "page" : "false" },
      data: { key: channel.id },
      onclick: (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        this.view.open(channel);
      },
    }, this.face(channel), h("span", {}, channel.name)));
    keepFocus(this.roots.side, () => fill(this.roots.side,
      h("h1", { className: "guild-name" }, guild?.name ?? "Direct messages"),
      h("nav", { className: "channels", aria: { label: "Channels" } },
        guild && h("h2", {}, "Text channels"),
        h("ul", {}, this.channelsOf(this.place).map(link))),
      this.me()));
  }

  face(channel) {
    if (channel.kind === "text") return icon("hash", 20);
    const other = this.store.users.get(channel.recipients.find((id) => id !== this.store.me.id));
    return h("span", { className: "with-dot" }, avatar(other, 28), dot(this.store.isOnline(other?.id)));
  }

  me() {
    const { me } = this.store;
    const dark = this.view.isDark();
    return h("div", { className: "me" },
      h("button", { type: "button", className: "me-button", title: "Be someone else", aria: { haspopup: "menu", expanded: "false", label: `You are ${me.display}. Be someone else` }, data: { key: "me" }, onclick: (event) => this.chooseMe(event.currentTarget) },
        h("span", { className: "with-dot" }, avatar(me, 32), dot(this.store.connected)),
        h("span", { className: "me-words" }, h("b", {}, me.display), h("small", {}, this.store.connected ? "Online" : "Reconnecting…"))),
      h("button", { type: "button", className: "plain", title: "Switch to the other person", aria: { label: "Switch to the other person" }, data: { key: "swap" }, onclick: () => this.view.nextPerson() }, icon("swap", 18)),
      h("button", { type: "button", className: "plain", title: dark ? "Light" : "Dark", aria: { label: dark ? "Use light colours" : "Use dark colours" }, data: { key: "theme" }, onclick: () => this.view.toggleTheme() }, icon(dark ? "sun" : "moon", 18)));
  }

  chooseMe(anchor) {
    const people = [...this.store.users.values()].filter((user) => !user.bot);
    menu([
      ...people.map((user) => ({ label: user.display, face: avatar(user, 24), icon: user.id === this.store.me.id ? icon("check", 16) : null, act: () => this.view.become(user.name) })),
      "line",
      { label: "Someone new…", face: icon("plus", 18), act: () => askName((name) => this.view.arrive(name)) },
    ], anchor, "People", "left");
  }

  renderPeople() {
    const guild = this.store.guilds.find((each) => each.id === this.channel.guild_id);
    const ids = guild ? guild.members : [...this.channel.recipients];
    const users = ids.map((id) => this.store.users.get(id)).filter(Boolean);
    const group = (title, members) => members.length > 0 && [h("h2", {}, `${title} — ${members.length}`),
      h("ul", {}, members.map((user) => h("li", { className: this.store.isOnline(user.id) ? "person" : "person away" },
        h("span", { className: "with-dot" }, avatar(user, 32), dot(this.store.isOnline(user.id))),
        h("span", { className: "name" }, user.display), user.bot && h("span", { className: "tag" }, "App"))))];
    fill(this.roots.people, group("Bots", users.filter((user) => user.bot)), group("People", users.filter((user) => !user.bot)));
  }
}

const dot = (online) => h("span", { className: online ? "dot online" : "dot", aria: { hidden: "true" } });

function keepFocus(root, draw) {
  const key = root.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  draw();
  if (key) [...root.querySelectorAll("[data-key]")].find((node) => node.dataset.key === key)?.focus({ preventScroll: true });
}
