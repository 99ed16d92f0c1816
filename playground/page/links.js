/* Links, and which of them lead to a place of this page: Discord's addresses of messages and channels do. */

import { h } from "./dom.js";

const MESSAGE = /^https:\/\/(?:(?:ptb|canary)\.)?discord(?:app)?\.com\/channels\/(?:@me|\d+)\/(\d+)(?:\/(\d+))?\/?$/;

/** The place that an address means, `{ channel, message }` as ids; null where it leads elsewhere. */
export function placeOf(url) {
  const found = MESSAGE.exec(url ?? "");
  return found && { channel: found[1], message: found[2] };
}

/** The page's own address of a place. */
export const addressOf = ({ channel, message }) => (message ? `#/${channel}/${message}` : `#/${channel}`);

/** What an address after `#/` says: `{ channel, message }`. */
export function readAddress(hash) {
  const [channel, message] = hash.slice(2).split("/");
  return { channel, message };
}

/** A link. One to a place of this page stays in it; `names` has `channel(id)`, which knows the places one sees. */
export function anchor(url, content, names, className) {
  const place = placeOf(url);
  if (!place) return h("a", { href: url, className, target: "_blank", rel: "noreferrer noopener" }, content);
  const name = names.channel(place.channel);
  if (!name) return h("span", { className: "mention" }, "#unknown");
  const words = content === url ? `#${name}${place.message ? " › message" : ""}` : content;
  return h("a", { href: addressOf(place), className }, words);
}
