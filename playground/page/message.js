/* One message as an element: who, when, words, files, embeds, components, reactions. */

import { components } from "./components.js";
import { avatar, bytes, fill, h, icon } from "./dom.js";
import { embeds } from "./embeds.js";
import { markdown } from "./markdown.js";
import { gallery, isPicture } from "./pictures.js";

const GROUP_MS = 7 * 60_000;
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const QUICK = ["✉️", "❌", "👍", "❤️"];

/** "12:31", "Yesterday at 12:31", "3 May 2026". */
export function when(date) {
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0) return clock.format(date);
  return days === 1 ? `Yesterday at ${clock.format(date)}` : day.format(date);
}

export const dayOf = (message) => day.format(new Date(message.timestamp));

/** Whether a message goes on under the one before, without a heading of its own. */
export function continues(message, before) {
  if (!before || before.author.id !== message.author.id) return false;
  if (message.interaction_metadata || message.message_reference || message.ephemeral !== before.ephemeral) return false;
  return new Date(message.timestamp) - new Date(before.timestamp) < GROUP_MS && dayOf(message) === dayOf(before);
}

/** The element for a message. `view` has `store` and the deeds: react, reply, remove, press, jump, menu. */
export function renderMessage(message, before, view, previous) {
  const joined = continues(message, before);
  const node = h("li", {
    className: ["message", joined && "joined", message.ephemeral && "ephemeral", mentionsMe(message, view) && "for-me"]
      .filter(Boolean).join(" "),
    id: `m-${message.id}`,
    data: { id: message.id },
  });
  fill(
    node,
    origin(message, view),
    joined ? h("span", { className: "aside-time", title: full.format(new Date(message.timestamp)) }, clock.format(new Date(message.timestamp)))
      : avatar(author(message, view)),
    h("div", { className: "body" },
      !joined && heading(message, view),
      content(message, view),
      gallery(message.attachments.filter(isPicture), message, previous),
      message.attachments.filter((file) => !isPicture(file)).map(fileCard),
      embeds(message, view.names),
      components(message, view),
      reactions(message, view),
      message.ephemeral && h("p", { className: "private" }, icon("eye", 14), " Only you can see this · ",
        h("button", { type: "button", className: "textual", onclick: () => view.remove(message) }, "Dismiss"))),
  );
  if (!message.loading) addToolbar(node, message, view);
  return node;
}

const author = (message, view) => view.store.users.get(message.author.id)
  ?? { display: message.author.global_name ?? message.author.username, bot: message.author.bot, id: message.author.id };

const mentionsMe = (message, view) => message.mention_everyone || message.mentions.some((user) => user.id === view.store.me.id);

function heading(message, view) {
  const who = author(message, view);
  const date = new Date(message.timestamp);
  return h("h3", { className: "who" },
    h("span", { className: "name" }, who.display),
    who.bot && h("span", { className: "tag" }, "App"),
    h("time", { dateTime: message.timestamp, title: full.format(date) }, when(date)));
}

function origin(message, view) {
  const used = message.interaction_metadata;
  const source = message.referenced_message;
  if (source) {
    const text = source.content || (source.attachments.length ? "a picture" : "a message");
    return h("div", { className: "origin" }, h("span", { className: "hook", aria: { hidden: "true" } }),
      avatar(author(source, view), 16), h("b", {}, author(source, view).display), " ",
      h("button", { type: "button", className: "textual quoted", onclick: () => view.jump(source.id) }, plain(text, view.names).slice(0, 120)));
  }
  if (message.message_reference) return h("div", { className: "origin" }, h("span", { className: "hook", aria: { hidden: "true" } }), h("i", {}, "The message was deleted"));
  if (!used?.name) return null;
  const person = view.store.users.get(used.user.id);
  const slash = used.command_type === 1 ? "/" : "";
  return h("div", { className: "origin" }, h("span", { className: "hook", aria: { hidden: "true" } }),
    avatar(person, 16), h("b", {}, person?.display ?? used.user.username), " used ", h("span", { className: "mention" }, slash + used.name));
}

/** A text without its marks, for one line. */
const plain = (text, names) => text.replace(/<@!?(\d+)>/g, (_, id) => `@${names.user(id) ?? "someone"}`).replace(/\*\*|`/g, "");

function content(message, view) {
  if (message.loading) {
    const who = author(message, view);
    return h("p", { className: "thinking" }, dots(), ` ${who.display} is thinking…`);
  }
  if (!message.content) return null;
  const jumbo = /^(?:\p{Extended_Pictographic}[\uFE0F\u200D\p{Emoji_Modifier}]*\s*){1,12}$/u.test(message.content);
  const words = markdown(message.content, view.names);
  const edited = message.edited_timestamp
    && h("span", { className: "edited", title: full.format(new Date(message.edited_timestamp)) }, " (edited)");
  return h("div", { className: jumbo ? "content jumbo" : "content" }, words, edited);
}

/** Three dots that breathe. */
export function dots() {
  return h("span", { className: "dots", aria: { hidden: "true" } }, h("i"), h("i"), h("i"));
}

function fileCard(file) {
  return h("div", { className: "file" }, icon("file", 28),
    h("div", {}, h("a", { href: file.url, target: "_blank", rel: "noreferrer", download: file.filename }, file.filename),
      h("small", {}, bytes(file.size))));
}

function reactions(message, view) {
  if (!message.reactions?.length) return null;
  return h("div", { className: "reactions" },
    message.reactions.map(({ emoji, count, me }) => h("button", {
      type: "button",
      className: me ? "reaction mine" : "reaction",
      aria: { pressed: String(me), label: `${emoji.name}, ${count} ${count === 1 ? "reaction" : "reactions"}` },
      data: { key: `reaction-${emoji.name}` },
      onclick: () => view.react(message, emoji.name, me),
    }, h("span", {}, emoji.name), h("b", {}, String(count)))),
  );
}

/* A thousand messages need no thousand toolbars: one way in, and the rest when somebody comes near. */
function addToolbar(node, message, view) {
  const button = (label, content, onclick, key) =>
    h("button", { type: "button", title: label, aria: { label }, onclick, data: { key } }, content);
  const more = button("More", "⋯", (event) => view.menu(message, event.currentTarget), "more");
  const bar = h("div", { className: "toolbar", role: "group", aria: { label: "What to do with this message" } }, more);
  node.append(bar);
  if (message.ephemeral) return;
  const complete = () => {
    node.removeEventListener("pointerenter", complete);
    node.removeEventListener("focusin", complete);
    const quick = QUICK.map((emoji) => button(`React with ${emoji}`, emoji, () => {
      const mine = message.reactions?.some((each) => each.emoji.name === emoji && each.me);
      view.react(message, emoji, mine);
    }, `quick-${emoji}`));
    const smile = button("More reactions", icon("smile", 18), (event) => view.emoji(message, event.currentTarget), "smile");
    const reply = button("Reply", icon("reply", 18), () => view.reply(message), "reply");
    more.before(...quick, smile, reply);
  };
  node.addEventListener("pointerenter", complete);
  node.addEventListener("focusin", complete);
}
