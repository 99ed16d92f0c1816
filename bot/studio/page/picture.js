/* One picture at large: its prompt, its parameters and seed, its family, and what can be done with it. */

import { get, pictureAddress, post, thumbnailAddress } from "./api.js";
import { sure } from "./dialog.js";
import { attempt, fill, h, icon, notice } from "./dom.js";
import { neighbours } from "./neighbours.js";

const KINDS = {
  imagine: "Grid", vary_strong: "Variations (Strong)", vary_subtle: "Variations (Subtle)", remix_strong: "Remix (Strong)",
  remix_subtle: "Remix (Subtle)", vary_region: "Vary (Region)", upscale: "Upscale", upscale_subtle: "Upscale (Subtle)",
  upscale_creative: "Upscale (Creative)", zoom: "Zoom out", pan_left: "Pan left", pan_right: "Pan right", pan_up: "Pan up",
  pan_down: "Pan down", edit: "Edit", retexture: "Retexture",
};

/**
 * What else can be done with a picture: `{ words, icon, main, when(picture), act(picture) }`, added by other views.
 * `name` is what the server calls it where it says that it cannot be done, and why.
 */
export const actions = [];

let shown = null;

async function show(section, id) {
  let picture;
  try {
    picture = await get(`pictures/${encodeURIComponent(id)}`);
  } catch (error) {
    fill(section, h("div", { className: "empty" }, h("p", {}, error.message), h("a", { className: "button", href: "#gallery" }, "To the gallery")));
    return;
  }
  shown = picture;
  const image = h("img", { className: "large", src: pictureAddress(picture.id), alt: picture.prompt, width: picture.width, height: picture.height });
  fill(section,
    h("div", { className: "stage" },
      h("a", { className: "button round back", href: `#${neighbours.from}`, title: "Back (Esc)", aria: { label: "Back" } }, icon("close")),
      turn("left", -1, "Previous picture"), image, turn("right", 1, "Next picture")),
    h("aside", { className: "about", tabIndex: 0, aria: { label: "About this picture" } },
      h("h2", {}, picture.prompt), buttons(section, picture), facts(picture), notes(picture), family(picture)));
}

function turn(name, by, words) {
  const end = !neighbours.wall || neighbours.index + by < 0 || neighbours.index + by >= neighbours.wall.total;
  return h("button", { className: `button round turn ${name}`, type: "button", disabled: end, title: words, aria: { label: words }, onclick: () => go(by) }, icon(name));
}

async function go(by) {
  await attempt(async () => {
    const next = await neighbours.step(by);
    if (next) location.replace(`#picture/${next.id}`);
  });
}

function buttons(section, picture) {
  const heart = h("button", { className: "button", type: "button", aria: { pressed: String(picture.favourite) }, onclick: () => favourite(heart, picture) }, icon("heart", 18), "Favourite");
  return h("div", { className: "buttons" },
    actions.filter((each) => each.when(picture)).map((each) =>
      h("button", { className: each.main ? "button primary" : "button", type: "button", disabled: Boolean(picture.cannot[each.name]), onclick: () => each.act(picture) }, icon(each.icon, 18), each.words)),
    picture.mine ? heart : [],
    h("a", { className: "button", href: `${pictureAddress(picture.id)}?download`, download: "" }, icon("down", 18), "Download"),
    h("button", { className: "button", type: "button", onclick: () => copy(picture.typed) }, icon("copy", 18), "Copy prompt"),
    picture.message ? h("a", { className: "button", href: picture.message, target: "_blank", rel: "noreferrer" }, icon("out", 18), "In Discord") : [],
    picture.mine ? h("button", { className: "button", type: "button", onclick: () => erase(section, picture) }, icon("trash", 18), "Delete") : [],
    actions.filter((each) => picture.cannot[each.name]).map((each) => h("p", { className: "why-not" }, `${each.words}: ${picture.cannot[each.name]}`)));
}

async function favourite(heart, picture) {
  const to = !picture.favourite;
  if (!await attempt(() => post("favourites", { pictures: [picture.id], favourite: to }))) return;
  picture.favourite = to;
  heart.ariaPressed = String(to);
  const hanging = neighbours.wall?.at(neighbours.index);
  if (hanging?.id === picture.id) hanging.favourite = to;
}

async function copy(text) {
  const copied = await attempt(() => {
    if (!navigator.clipboard) throw new Error("The browser lets a page copy only behind https. Mark the prompt and copy it yourself.");
    return navigator.clipboard.writeText(text);
  });
  if (copied) notice("The prompt is copied.");
}

async function erase(section, picture) {
  const many = picture.siblings.length > 1 ? `all ${picture.siblings.length} pictures of its grid` : "the picture";
  if (!await sure("Delete", `This removes ${many} and the message in Discord, for good.${picture.favourite ? " It is a favourite." : ""}`, "Delete")) return;
  if (!await attempt(() => post("deletions", { pictures: [picture.id] }))) return;
  neighbours.stale = true;
  location.hash = neighbours.from;
}

function facts(picture) {
  const said = Object.entries(picture.params).map(([name, value]) => [`--${name}`, value === true ? "" : [].concat(value).join(", ")]);
  const rows = [
    ["Kind", KINDS[picture.kind] ?? picture.kind], ["By", picture.by], ["Model", picture.model], ["Seed", String(picture.seed)],
    ["Size", `${picture.width} × ${picture.height}`], ["Made", new Date(picture.created * 1000).toLocaleString()],
    ...(picture.private ? [["Seen by", "you alone"]] : []),
  ];
  return [
    h("dl", { className: "facts" }, rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    said.length ? [h("h3", {}, "Parameters"), h("dl", { className: "facts params" }, said.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value || "on")]))] : [],
  ];
}

const notes = (picture) => picture.notes.length ? [h("h3", {}, "Notes"), h("ul", { className: "notes" }, picture.notes.map((each) => h("li", {}, each)))] : [];

function family(picture) {
  const row = (title, pictures) => pictures.length
    ? [h("h3", {}, title), h("ul", { className: "family" }, pictures.map((each) => h("li", {}, leaf(each, each.id === picture.id))))]
    : [];
  return [row("Its grid", picture.siblings), row("Made from", picture.parents), row("What was made from it", picture.children)];
}

function leaf(picture, here) {
  const words = `${KINDS[picture.kind] ?? picture.kind}: ${picture.prompt}`;
  return h("a", { href: `#picture/${picture.id}`, title: words, aria: { label: words, current: here ? "true" : null } },
    h("img", { src: thumbnailAddress(picture.id), alt: "", loading: "lazy", width: 72, height: 72 }));
}

function keys(event) {
  if (event.target.closest("input, select, textarea, dialog") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") location.hash = neighbours.from;
  else if (event.key === "ArrowLeft") go(-1);
  else if (event.key === "ArrowRight") go(1);
  else if (event.key === "f" && shown?.mine) document.querySelector(".picture .buttons [aria-pressed]")?.click();
  else return;
  event.preventDefault();
}

export const picture = {
  name: "picture",
  title: "Picture",
  listed: false,
  open(section, id) {
    show(section, id).then(() => document.getElementById("main").focus({ preventScroll: true }));
    document.addEventListener("keydown", keys);
    return () => document.removeEventListener("keydown", keys);
  },
};
