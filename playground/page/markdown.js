/* Discord's markdown subset as DOM nodes. Knows no messages; mentions are looked up through `names`. */

import { h } from "./dom.js";
import { anchor } from "./links.js";

const INLINE = [
  ["escape", /^\\([^A-Za-z0-9\s])/],
  ["code", /^(`+)([^`]|[^`][\s\S]*?[^`])\1(?!`)/],
  ["mention", /^<@!?(\d+)>/],
  ["role", /^<@&(\d+)>/],
  ["channel", /^<#(\d+)>/],
  ["command", /^<\/([^:>]+):\d+>/],
  ["emoji", /^<a?:(\w+):\d+>/],
  ["time", /^<t:(-?\d+)(?::([tTdDfFR]))?>/],
  ["link", /^\[([^\]\n]+)\]\(<?(https?:\/\/[^\s)>]+)>?\)/],
  ["url", /^<?(https?:\/\/[^\s<>]*[^\s<>.,:;"')\]!?*_~|])>?/],
  ["everyone", /^@(everyone|here)\b/],
  ["bold", /^\*\*([\s\S]+?)\*\*(?!\*)/],
  ["underline", /^__([\s\S]+?)__(?!_)/],
  ["italic", /^\*(?=\S)([\s\S]*?[^\s*])\*(?!\*)/],
  ["italic", /^_(?=\S)([\s\S]*?[^\s_])_(?![\w])/],
  ["strike", /^~~([\s\S]+?)~~/],
  ["spoiler", /^\|\|([\s\S]+?)\|\|/],
];
const SPECIAL = /[\\`<[h@*_~|]/;

/** Nodes for a text; `names` has `user(id)` and `channel(id)`. */
export function markdown(text, names) {
  const nodes = [];
  const fence = /```(?:([\w+-]+)\n)?\n?([\s\S]*?)\n?```/g;
  let end = 0;
  for (const match of text.matchAll(fence)) {
    if (!match[2].trim()) continue;
    nodes.push(...blocks(text.slice(end, match.index), names));
    nodes.push(h("pre", { tabIndex: 0 }, h("code", {}, match[2])));
    end = match.index + match[0].length;
    if (text[end] === "\n") end += 1;
  }
  nodes.push(...blocks(text.slice(end), names));
  return nodes;
}

function blocks(text, names) {
  if (!text) return [];
  const nodes = [];
  const lines = text.split("\n");
  let plain = [];
  const flush = () => {
    if (plain.length) nodes.push(...inline(plain.join("\n"), names));
    plain = [];
  };
  for (let n = 0; n < lines.length; n += 1) {
    const line = lines[n];
    let match;
    if ((match = /^(#{1,3}) +(.+)/.exec(line))) {
      flush();
      nodes.push(h("div", { className: `heading heading-${match[1].length}` }, inline(match[2], names)));
    } else if ((match = /^-# +(.+)/.exec(line))) {
      flush();
      nodes.push(h("small", { className: "subtext" }, inline(match[1], names)));
    } else if (/^>>> /.test(line)) {
      flush();
      const rest = [line.slice(4), ...lines.slice(n + 1)].join("\n");
      nodes.push(h("blockquote", {}, blocks(rest, names)));
      return nodes;
    } else if (/^> /.test(line)) {
      flush();
      const quoted = [];
      while (n < lines.length && /^> ?/.test(lines[n])) quoted.push(lines[n++].replace(/^> ?/, ""));
      n -= 1;
      nodes.push(h("blockquote", {}, blocks(quoted.join("\n"), names)));
    } else if (/^\s*([-*]|\d+\.) +\S/.test(line)) {
      flush();
      const items = [];
      const ordered = /^\s*\d+\./.test(line);
      while (n < lines.length && (match = /^\s*(?:[-*]|(\d+)\.) +(.+)/.exec(lines[n])) && Boolean(match[1]) === ordered) {
        items.push(h("li", { value: ordered ? Number(match[1]) : undefined }, inline(match[2], names)));
        n += 1;
      }
      n -= 1;
      nodes.push(h(ordered ? "ol" : "ul", {}, items));
    } else {
      plain.push(line);
      continue;
    }
    if (n + 1 < lines.length) plain = [];
  }
  flush();
  return nodes;
}

function inline(text, names) {
  const nodes = [];
  let plain = "";
  let before = "";
  while (text) {
    const found = SPECIAL.test(text[0]) ? match(text, before) : null;
    if (!found) {
      const skip = Math.max(1, text.slice(1).search(SPECIAL) + 1 || text.length);
      plain += text.slice(0, skip);
      before = text[skip - 1];
      text = text.slice(skip);
      continue;
    }
    if (plain) nodes.push(plain);
    plain = "";
    nodes.push(render(found.kind, found.parts, names));
    before = found.parts[0].at(-1);
    text = text.slice(found.parts[0].length);
  }
  if (plain) nodes.push(plain);
  return nodes;
}

function match(text, before) {
  for (const [kind, pattern] of INLINE) {
    if (kind === "italic" && text[0] === "_" && /\w/.test(before)) continue;
    const parts = pattern.exec(text);
    if (parts) return { kind, parts };
  }
  return null;
}

function render(kind, parts, names) {
  const inner = () => inline(parts[1], names);
  switch (kind) {
    case "escape": return parts[1];
    case "code": return h("code", {}, parts[2].trim() || parts[2]);
    case "mention": return h("span", { className: "mention" }, `@${names.user(parts[1]) ?? "someone"}`);
    case "role": return h("span", { className: "mention" }, "@role");
    case "channel": return h("span", { className: "mention" }, `#${names.channel(parts[1]) ?? "channel"}`);
    case "command": return h("span", { className: "mention" }, `/${parts[1]}`);
    case "everyone": return h("span", { className: "mention" }, parts[0]);
    case "emoji": return `:${parts[1]}:`;
    case "time": return time(Number(parts[1]), parts[2] ?? "f");
    case "link": return anchor(parts[2], inner(), names);
    case "url": return anchor(parts[1], parts[1], names);
    case "bold": return h("strong", {}, inner());
    case "underline": return h("u", {}, inner());
    case "italic": return h("em", {}, inner());
    case "strike": return h("s", {}, inner());
    default: return spoiler(inner());
  }
}

function spoiler(content) {
  const node = h("span", { className: "spoiler", tabIndex: 0, role: "button", aria: { label: "Spoiler, press to read", expanded: "false" } }, h("span", {}, content));
  const open = (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    node.classList.add("open");
    for (const name of ["role", "tabindex", "aria-label", "aria-expanded"]) node.removeAttribute(name);
  };
  node.addEventListener("click", open, { once: true });
  node.addEventListener("keydown", open);
  return node;
}

const STYLES = {
  t: { timeStyle: "short" }, T: { timeStyle: "medium" }, d: { dateStyle: "short" }, D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" }, F: { dateStyle: "full", timeStyle: "short" },
};

function time(seconds, style) {
  const date = new Date(seconds * 1000);
  const text = style === "R" ? ago(date) : new Intl.DateTimeFormat(undefined, STYLES[style]).format(date);
  return h("time", { className: "stamp", dateTime: date.toISOString(), title: date.toLocaleString() }, text);
}

/** "in 5 minutes", "2 hours ago". */
export function ago(date) {
  const units = [["year", 31_536_000], ["month", 2_592_000], ["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const seconds = (date - Date.now()) / 1000;
  const [unit, size] = units.find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(Math.round(seconds / size), unit);
}
