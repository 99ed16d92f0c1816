/* The conversation: messages in order, days between them, older ones on the way up, the end kept in view. */

import { fill, h, icon } from "./dom.js";
import { dayOf, renderMessage, when } from "./message.js";
import { older } from "./store.js";

const NEAR = 60;
const EARLY = 600;

/** An element's height without its padding, in pixels. */
function innerHeightOf(node) {
  const { paddingTop, paddingBottom } = getComputedStyle(node);
  return node.clientHeight - parseFloat(paddingTop) - parseFloat(paddingBottom);
}

export class Timeline {
  constructor(root, view) {
    this.root = root;
    this.view = view;
    this.store = view.store;
    this.channel = null;
    this.list = h("ol", { className: "messages" });
    this.notes = h("ol", { className: "messages notes" });
    this.newer = h("button", { type: "button", className: "newer", hidden: true, onclick: () => this.toEnd(true) }, "New messages ", icon("down", 16));
    this.top = h("div", { className: "beginning" });
    root.append(this.top, this.list, this.notes);
    root.after(this.newer);
    this.stuck = true;
    this.lastTop = 0;
    this.lastHeight = 0;
    this.held = null;
    this.changed = new Set();
    root.addEventListener("pointerdown", ({ target }) => { this.held = target.closest(".message"); });
    for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => setTimeout(() => this.release()));
    root.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.above = new IntersectionObserver((seen) => seen.at(-1).isIntersecting && this.loadOlder(), { root, rootMargin: `${EARLY}px 0px 0px` });
    new ResizeObserver(() => this.stuck && this.toEnd()).observe(this.list);
    new ResizeObserver(() => this.stuck && this.toEnd()).observe(root);
    this.store.addEventListener("message", ({ detail }) => this.heard(detail));
    this.store.addEventListener("gone", ({ detail }) => detail.channel === this.channel && this.remove(detail.id));
    this.store.addEventListener("interaction", ({ detail }) => detail.message_id && this.followed(detail));
    this.store.addEventListener("notes", ({ detail }) => detail.channel === this.channel && this.renderNotes());
    this.store.addEventListener("reloaded", () => this.channel && this.view.attempt(() => this.show(this.channel)));
  }

  async show(channel) {
    this.channel = channel;
    this.stuck = true;
    fill(this.list);
    fill(this.notes);
    fill(this.top);
    this.root.setAttribute("aria-busy", "true");
    await this.store.load(channel);
    if (this.channel === channel) this.render();
  }

  messages() {
    return [...(this.store.messages.get(this.channel)?.values() ?? [])];
  }

  render() {
    this.root.setAttribute("aria-busy", "false");
    fill(this.list, this.elements(this.messages()));
    this.renderTop();
    this.renderNotes();
    this.toEnd();
    this.watch();
    if (document.hasFocus()) this.store.markRead(this.channel);
  }

  /** Elements for messages in a row; `before` is the one that comes first. */
  elements(messages, before = null) {
    const nodes = [];
    for (const message of messages) {
      if (!before || dayOf(before) !== dayOf(message)) nodes.push(this.daySeparator(message));
      nodes.push(renderMessage(message, before, this.view));
      before = message;
    }
    return nodes;
  }

  daySeparator(message) {
    return h("li", { className: "day", data: { day: dayOf(message) } }, h("span", {}, dayOf(message)));
  }

  renderTop() {
    if (!this.store.complete.has(this.channel)) {
      fill(this.top, h("p", { className: "earlier" }, "Earlier messages appear as you scroll up"));
      return;
    }
    fill(this.top, this.view.beginning(this.store.channels.get(this.channel)));
  }

  renderNotes() {
    const notes = this.store.notes.get(this.channel) ?? [];
    fill(this.notes, notes.map((note) => h("li", { className: "message note" },
      h("span", { className: "bang", aria: { hidden: "true" } }, "!"),
      h("div", { className: "body" },
        h("h3", { className: "who" }, h("span", { className: "name" }, note.title), h("time", {}, when(note.at))),
        h("p", { className: "failed" }, note.text),
        h("p", { className: "private" }, icon("eye", 14), " Only you can see this · ",
          h("button", { type: "button", className: "textual", onclick: () => this.store.dropNote(this.channel, note.id) }, "Dismiss"))))));
    if (this.stuck) this.toEnd();
  }

  element(id) {
    return document.getElementById(`m-${id}`);
  }

  heard({ message, isNew }) {
    if (message.channel_id !== this.channel || this.root.getAttribute("aria-busy") === "true") return;
    const node = this.element(message.id);
    if (node) this.replace(message, node);
    else if (isNew) this.add(message);
  }

  add(message) {
    const all = this.messages();
    const before = all[all.length - 2] ?? null;
    this.list.append(...this.elements([message], before));
    if (this.stuck || message.author.id === this.store.me.id || this.isMine(message)) this.toEnd();
    else this.newer.hidden = false;
    if (this.stuck && document.hasFocus()) this.store.markRead(this.channel);
  }

  /** Whether a message answers something that I used: one that acts wants to see what comes of it. */
  isMine(message) {
    return message.interaction_metadata?.user.id === this.store.me.id;
  }

  /** A component's use goes on: its message shows how, and that it failed is told in view. */
  followed(interaction) {
    this.refresh(interaction.message_id);
    if (interaction.status !== "failed" || !this.store.mine.has(interaction.id)) return;
    this.element(interaction.message_id)?.querySelector(".components > .failed")?.scrollIntoView({ block: "nearest" });
  }

  before(id) {
    const all = this.messages();
    return all[all.findIndex((each) => each.id === id) - 1] ?? null;
  }

  refresh(id) {
    const message = this.store.messages.get(this.channel)?.get(id);
    const node = message && this.element(id);
    if (node) this.replace(message, node);
  }

  /** Draw what changed while a pointer was down: an element replaced under it would never be clicked. */
  release() {
    this.held = null;
    for (const id of this.changed) this.refresh(id);
    this.changed.clear();
  }

  /** Put a message's new element in place of the old one, keeping pictures and the focus. */
  replace(message, node) {
    if (node === this.held) {
      this.changed.add(message.id);
      return;
    }
    const focused = node.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const fresh = renderMessage(message, this.before(message.id), this.view, node);
    const near = node.matches(":hover") || focused;
    // Until it is drawn it is taken to be as high as the old one: a conversation that shrinks for a moment loses its place.
    fresh.style.setProperty("contain-intrinsic-size", `auto ${innerHeightOf(node)}px`);
    node.replaceWith(fresh);
    if (this.stuck) this.toEnd();
    if (near) fresh.dispatchEvent(new Event("pointerenter"));
    if (focused) [...fresh.querySelectorAll("[data-key]")].find((each) => each.dataset.key === focused)?.focus({ preventScroll: true });
  }

  remove(id) {
    const node = this.element(id);
    if (!node) return;
    const next = node.nextElementSibling;
    const day = node.previousElementSibling;
    node.remove();
    if (day?.classList.contains("day") && !next?.classList.contains("message")) day.remove();
    if (next?.dataset.id) this.refresh(next.dataset.id);
  }

  toEnd(smoothly = false) {
    this.root.scrollTo({ top: this.root.scrollHeight, behavior: smoothly ? "smooth" : "instant" });
    this.stuck = true;
    this.newer.hidden = true;
  }

  scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.root;
    // What grows below, or shrinks above, must not count as scrolling away: only going up does.
    if (scrollTop + clientHeight >= scrollHeight - NEAR) this.stuck = true;
    else if (scrollTop < this.lastTop && scrollHeight >= this.lastHeight) this.stuck = false;
    this.lastTop = scrollTop;
    this.lastHeight = scrollHeight;
    if (this.stuck) {
      this.newer.hidden = true;
      if (document.hasFocus()) this.store.markRead(this.channel);
    }
  }

  /** Have older messages loaded once the beginning is near, at once if it is: an observer first tells how it is. */
  watch() {
    this.above.unobserve(this.top);
    this.above.observe(this.top);
  }

  /** Load the messages before the first that is shown; one who asks meanwhile waits for the same ones. */
  loadOlder() {
    if (this.root.getAttribute("aria-busy") === "true" || this.store.complete.has(this.channel)) return undefined;
    this.loading ??= this.loadMore();
    return this.loading;
  }

  async loadMore() {
    try {
      const channel = this.channel;
      const count = await this.store.loadOlder(channel);
      if (channel === this.channel && count) this.prepend(count);
      this.renderTop();
    } finally {
      this.loading = null;
    }
    this.watch();
  }

  prepend(count) {
    const all = this.messages();
    const height = this.root.scrollHeight;
    const at = this.root.scrollTop;
    // What was the first goes on under another now. Before anything is put above it: its height is known still.
    this.refresh(all[count]?.id);
    const [first, second] = this.list.children;
    if (first?.classList.contains("day") && second && first.dataset.day === dayOf(all[count - 1])) first.remove();
    this.list.prepend(...this.elements(all.slice(0, count)));
    this.root.scrollTop = at + this.root.scrollHeight - height;
  }

  /** Scroll to a message, loading what lies between, and mark it for a moment; false where it is gone. */
  async jump(id) {
    const channel = this.channel;
    while (channel === this.channel && !this.element(id) && !this.store.complete.has(channel) && this.isBefore(id)) await this.loadOlder();
    const node = this.element(id);
    if (channel !== this.channel) return true;
    if (!node) return false;
    this.stuck = false;
    node.scrollIntoView({ block: "center" });
    // What comes into sight there gets its real height only now, and moves it.
    requestAnimationFrame(() => node.scrollIntoView({ block: "center" }));
    node.classList.add("marked");
    node.addEventListener("animationend", () => node.classList.remove("marked"), { once: true });
    return true;
  }

  /** Whether a message is older than all that are loaded. */
  isBefore(id) {
    const [first] = this.messages();
    return Boolean(first) && older(id, first.id) < 0;
  }
}
