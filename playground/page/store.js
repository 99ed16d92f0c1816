/* What the page knows: people, places, messages, interactions. Fires events when it learns something. */

import { api, listen } from "./api.js";

const PAGE_SIZE = 50;
const TYPING_MS = 10_000;

/** Compare ids, which are numbers too large for numbers. */
export const older = (a, b) => (a.length - b.length || (a < b ? -1 : a > b ? 1 : 0));

export class Store extends EventTarget {
  constructor() {
    super();
    this.me = null;
    this.users = new Map();
    this.guilds = [];
    this.channels = new Map();
    this.applications = [];
    this.messages = new Map();
    this.complete = new Set();
    this.interactions = new Map();
    this.chosen = new Map();
    this.notes = new Map();
    this.typing = new Map();
    this.mine = new Set();
    this.connected = false;
    this.lost = false;
    this.asked = 0;
    this.answered = 0;
    this.read = JSON.parse(localStorage.getItem("read") ?? "{}");
    this.stop = () => {};
  }

  tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }

  /** Become someone: load what they see and listen to their events. */
  async enter(name) {
    this.stop();
    this.person = name;
    this.messages.clear();
    this.complete.clear();
    this.interactions.clear();
    this.chosen.clear();
    this.notes.clear();
    this.stop = listen(
      name,
      (event) => this.hear(event),
      () => { this.connected = false; this.lost = true; this.tell("connection"); },
    );
    await this.refresh();
  }

  async refresh() {
    this.asked += 1;
    const asked = this.asked;
    const state = await api.state(this.person);
    // Answers may overtake each other: an older one says nothing any more.
    if (asked < this.answered) return;
    this.answered = asked;
    this.me = state.me;
    this.users = new Map(state.users.map((user) => [user.id, user]));
    this.guilds = state.guilds;
    this.channels = new Map(state.channels.map((channel) => [channel.id, channel]));
    this.applications = state.applications;
    this.fileBytes = state.file_bytes;
    this.suggestions = state.suggestions;
    this.tell("state");
  }

  hear(event) {
    if (event.type === "hello") this.greet();
    else if (event.type === "message") this.put(event.message, event.new);
    else if (event.type === "message_delete") this.drop(event);
    else if (event.type === "interaction") this.follow(event.interaction);
    else if (event.type === "state") this.refresh().catch(() => {});
    else if (event.type === "typing") this.hearTyping(event);
  }

  /** The stream stands: what was loaded before it did may lack something. */
  greet() {
    this.connected = true;
    this.tell("connection");
    if (this.messages.size || this.lost) this.reload().catch(() => {});
    this.lost = false;
  }

  /** Load afresh what is shown, after a lost connection. */
  async reload() {
    await this.refresh();
    for (const channel of [...this.messages.keys()]) {
      this.messages.delete(channel);
      this.complete.delete(channel);
      await this.load(channel);
    }
    this.tell("reloaded");
  }

  /** The newest messages of a channel, loaded once. */
  async load(channel) {
    if (this.messages.has(channel)) return;
    const found = await api.messages(this.person, channel, undefined, PAGE_SIZE);
    const known = this.messages.get(channel) ?? new Map();
    this.messages.set(channel, new Map([...found.map((m) => [m.id, m]), ...known]));
    if (found.length < PAGE_SIZE) this.complete.add(channel);
  }

  /** Older messages of a channel; gives how many there were. */
  async loadOlder(channel) {
    const known = this.messages.get(channel);
    const first = known?.keys().next().value;
    if (!first || this.complete.has(channel)) return 0;
    const found = await api.messages(this.person, channel, first, PAGE_SIZE);
    this.messages.set(channel, new Map([...found.map((m) => [m.id, m]), ...known]));
    if (found.length < PAGE_SIZE) this.complete.add(channel);
    return found.length;
  }

  put(message, isNew) {
    const channel = this.channels.get(message.channel_id);
    if (channel && (!channel.last_message_id || older(channel.last_message_id, message.id) < 0)) {
      channel.last_message_id = message.id;
    }
    this.typing.delete(`${message.channel_id}:${message.author.id}`);
    if (message.edited_timestamp !== this.messages.get(message.channel_id)?.get(message.id)?.edited_timestamp) this.chosen.delete(message.id);
    const known = this.messages.get(message.channel_id);
    if (known && (isNew || known.has(message.id))) known.set(message.id, message);
    for (const [id, interaction] of this.interactions) {
      if (interaction.message_id === message.id && interaction.status === "failed") this.interactions.delete(id);
    }
    this.tell("message", { message, isNew });
  }

  drop({ id, channel_id: channel }) {
    this.messages.get(channel)?.delete(id);
    this.tell("gone", { id, channel });
  }

  follow(interaction) {
    const known = this.interactions.get(interaction.id);
    this.interactions.set(interaction.id, interaction);
    if (interaction.status === "failed" && known?.status !== "failed" && !interaction.message_id) {
      if (interaction.kind === 2) this.note(interaction.channel_id, interaction.label, "The application did not respond");
    }
    this.tell("interaction", interaction);
  }

  /** How an interaction ends: answered or failed. */
  settled(id) {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.interactions.get(id);
        if (!found || found.status === "pending") return;
        this.removeEventListener("interaction", look);
        resolve(found);
      };
      this.addEventListener("interaction", look);
      look();
    });
  }

  /** Use a command, component or dialog; gives the interaction as it was sent. */
  async use(body, files) {
    const interaction = await api.interact(this.person, body, files);
    this.mine.add(interaction.id);
    if (!this.interactions.has(interaction.id)) this.interactions.set(interaction.id, interaction);
    this.tell("interaction", this.interactions.get(interaction.id));
    return interaction;
  }

  /** Keep what was chosen in a message's menu: it stays there until the bot edits the message. */
  choose(messageId, customId, values) {
    this.chosen.set(messageId, { ...this.chosen.get(messageId), [customId]: values });
  }

  /** The newest use of a message's components by me. */
  lastUse(messageId) {
    let last = null;
    for (const each of this.interactions.values()) if (each.message_id === messageId && each.kind === 3) last = each;
    return last;
  }

  /** A line that only this page shows, for what did not work. */
  note(channel, title, text) {
    const notes = this.notes.get(channel) ?? [];
    notes.push({ id: crypto.randomUUID(), title, text, at: new Date() });
    this.notes.set(channel, notes);
    this.tell("notes", { channel });
  }

  dropNote(channel, id) {
    this.notes.set(channel, (this.notes.get(channel) ?? []).filter((note) => note.id !== id));
    this.tell("notes", { channel });
  }

  hearTyping({ channel_id: channel, user_id: user }) {
    const key = `${channel}:${user}`;
    clearTimeout(this.typing.get(key));
    this.typing.set(key, setTimeout(() => { this.typing.delete(key); this.tell("typing"); }, TYPING_MS));
    this.tell("typing");
  }

  /** Who is writing in a channel. */
  writers(channel) {
    return [...this.typing.keys()].filter((key) => key.startsWith(`${channel}:`))
      .map((key) => this.users.get(key.split(":")[1])).filter(Boolean);
  }

  /** Remember that a channel was read up to its end. */
  markRead(channel) {
    const last = this.channels.get(channel)?.last_message_id;
    if (!last || this.read[channel] === last) return;
    this.read[channel] = last;
    localStorage.setItem("read", JSON.stringify(this.read));
    this.tell("read");
  }

  isUnread(channel) {
    const last = channel.last_message_id;
    return Boolean(last) && (!this.read[channel.id] || older(this.read[channel.id], last) < 0);
  }

  /** The bots, and whether each is connected. */
  isOnline(userId) {
    const application = this.applications.find((each) => each.id === userId);
    return application ? application.online : true;
  }
}
