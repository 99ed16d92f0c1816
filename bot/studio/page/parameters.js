/* Parameters as sliders and menus: each writes into the prompt what it is set to, and follows what is typed there. */

import { h } from "./dom.js";

const SLIDERS = [
  { names: ["s", "stylize"], words: "Stylize", most: 1000, step: 10, usual: 100, means: "how much the house style may take over" },
  { names: ["c", "chaos"], words: "Chaos", most: 100, step: 1, usual: 0, means: "how different the four are" },
  { names: ["w", "weird"], words: "Weird", most: 3000, step: 25, usual: 0, means: "how unusual they are" },
];

const MENUS = [
  { names: ["ar", "aspect"], words: "Proportion", choices: ["1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16"] },
  { names: ["q", "quality"], words: "Quality", choices: [".25", ".5", "1", "2"] },
];

const said = (names) => new RegExp(`(?:^|\\s)(?:--|—)(?:${names.join("|")})(?:[ =]+([^\\s-]\\S*))?(?=\\s|$)`, "gi");

/** What a prompt says of a parameter; null where it says nothing. */
export function valueOf(prompt, names) {
  return [...prompt.matchAll(said(names))].at(-1)?.[1] ?? null;
}

/** A prompt with another value of a parameter; null takes it out. */
export function withValue(prompt, names, value) {
  const bare = prompt.replace(said(names), "").trimEnd();
  return value === null ? bare : `${bare} --${names[0]} ${value}`.trimStart();
}

function slider({ names, words, most, step, usual, means }, box) {
  const field = h("input", { type: "range", min: 0, max: most, step, value: usual, title: means });
  const shown = h("output", {}, String(usual));
  field.addEventListener("input", () => {
    const value = Number(field.value);
    shown.textContent = field.value;
    box.rewrite(withValue(box.text, names, value === usual ? null : value));
  });
  const follow = (prompt, settings) => {
    const own = names[0] === "s" ? settings.stylize : null;
    const value = Number(valueOf(prompt, names) ?? own ?? usual);
    if (!Number.isFinite(value)) return;
    field.value = value;
    shown.textContent = String(value);
  };
  return { node: h("label", { className: "slider" }, h("span", {}, words), field, shown), follow };
}

function menu({ names, words, choices }, box) {
  const field = h("select", { className: "field" }, h("option", { value: "" }, "as set"), choices.map((value) => h("option", { value }, value)));
  field.addEventListener("change", () => box.rewrite(withValue(box.text, names, field.value || null)));
  const follow = (prompt) => {
    const value = valueOf(prompt, names) ?? "";
    if (value && !choices.includes(value)) field.append(h("option", { value }, value));
    field.value = value;
  };
  return { node: h("label", { className: "labelled" }, words, field), follow };
}

/** Sliders, and menus where `whole`, of a prompt box. */
export class Parameters {
  constructor(box, settings, { whole = true } = {}) {
    this.settings = settings;
    this.parts = [...SLIDERS.map((each) => slider(each, box)), ...(whole ? MENUS.map((each) => menu(each, box)) : [])];
    this.node = h("fieldset", { className: "parameters" }, h("legend", { className: "visually-hidden" }, "Parameters"), this.parts.map(({ node }) => node));
    box.addEventListener("change", () => this.follow(box.text));
    this.follow(box.text);
  }

  follow(prompt) {
    this.parts.forEach((each) => each.follow(prompt, this.settings));
  }
}
