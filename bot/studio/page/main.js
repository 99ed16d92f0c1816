/* The page: its views, which of them is shown, who is signed in, and the colours. */

import { remove, signedIn } from "./api.js";
import { attempt, fill, h, icon } from "./dom.js";
import { editor } from "./editor.js";
import { explore } from "./explore.js";
import { gallery } from "./gallery.js";
import { make } from "./make.js";
import { picture } from "./picture.js";
import "./picture-actions.js";

/**
 * A view is `{ name, title, listed, open(section, rest) }`: `name` is its address behind the #, `rest` what follows
 * a slash there. `open` is called each time it is shown, with a section of its own that stays while others are shown;
 * it gives a function that is called when another is shown, or nothing.
 */
const VIEWS = [gallery, make, explore, picture, editor];

const main = document.getElementById("main");
const sections = new Map();
let leave = null;

function route() {
  const [name, ...rest] = location.hash.slice(1).split("/");
  const view = VIEWS.find((each) => each.name === name) ?? VIEWS[0];
  leave?.();
  if (!sections.has(view)) {
    sections.set(view, main.appendChild(h("section", { className: `view ${view.name}`, aria: { label: view.title } })));
  }
  for (const [each, section] of sections) section.hidden = each !== view;
  document.title = `${view.title} · Studio`;
  showViews(view);
  leave = view.open(sections.get(view), rest.join("/")) ?? null;
}

function showViews(current) {
  fill(
    document.getElementById("views"),
    VIEWS.filter((view) => view.listed).map((view) =>
      h("a", { href: `#${view.name}`, aria: { current: view === current ? "page" : null } }, view.title)),
  );
}

function showAccount(name) {
  const root = document.documentElement;
  const dark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const colours = h("button", { className: "button round", type: "button" });
  const look = () => {
    const words = dark() ? "Use light colours" : "Use dark colours";
    fill(colours, icon(dark() ? "sun" : "moon"));
    colours.title = words;
    colours.setAttribute("aria-label", words);
  };
  colours.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
    look();
  });
  look();
  const out = h("button", { className: "button round", type: "button", title: "Sign out", aria: { label: "Sign out" } }, icon("out"));
  out.addEventListener("click", () => attempt(async () => {
    await remove("session");
    location.assign("/sign-in");
  }));
  fill(document.getElementById("account"), h("span", { className: "name", title: "You are signed in as this user" }, name), colours, out);
}

const arriving = signedIn();
addEventListener("hashchange", route);
route(); // its first pictures are asked for beside the session, not after it
showAccount((await arriving).name);
document.documentElement.dataset.ready = "";
