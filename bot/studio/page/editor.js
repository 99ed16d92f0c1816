/* The editor: paint over what is to be drawn anew, make the canvas larger, say how, and see four of it. */

import { get, pictureAddress, post } from "./api.js";
import { channelMenu } from "./channels.js";
import { attempt, fill, h, icon } from "./dom.js";
import { EaselCanvas } from "./easel-canvas.js";
import { Frame, SIDES } from "./frame.js";
import { JobList, started } from "./job-card.js";
import { jobs } from "./jobs.js";
import { Mask, Steps } from "./mask.js";
import { Parameters } from "./parameters.js";
import { PromptBox } from "./prompt-box.js";

const TOOLS = [["brush", "Brush", "b"], ["eraser", "Eraser", "e"], ["hand", "Move", "h"], ["click", "Select by click", "s"]];
const PROPORTIONS = ["1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "2:1"];

let open = null;

class Editor {
  constructor(section, picture, known, image) {
    [this.section, this.picture, this.image] = [section, picture, image];
    this.mask = new Mask(image.naturalWidth, image.naturalHeight);
    this.frame = new Frame(image.naturalWidth, image.naturalHeight);
    this.canvas = new EaselCanvas(image, this.mask, this.frame);
    this.steps = new Steps(this);
    this.box = new PromptBox({ value: picture.prompt, rows: 4 });
    this.channels = channelMenu(known.channels);
    this.canvas.addEventListener("begin", () => this.steps.keep());
    this.canvas.addEventListener("frame", () => this.steps.keep());
    this.canvas.addEventListener("pick", (event) => this.#select(event.detail));
    this.box.addEventListener("send", () => this.#draw());
    this.list = new JobList({
      wanted: (job) => job.from === picture.id, channel: () => this.channels.value,
      empty: "What you draw from this picture appears here.",
    });
    this.hint = h("p", { className: "tool-said", role: "status", hidden: true }, known.finding.click);
    fill(section,
      h("div", { className: "editor-stage" }, this.#toolbar(), this.hint, this.canvas.node, this.#keys()),
      h("aside", { className: "editor-side", tabIndex: 0, aria: { label: "What is to be drawn" } },
        this.box.node, new Parameters(this.box, known.settings, { whole: false }).node,
        this.#words(known.finding.words), picture.tile ? [] : this.#sizes(), this.channels.node, this.#send(), this.list.node));
    [this.mask, this.frame, this.steps].forEach((each) => each.addEventListener("change", () => this.#look()));
    this.#look();
    jobs.listen();
  }

  /** What a step back restores. */
  state() {
    return { alpha: this.mask.state(), margins: this.frame.margins };
  }

  restore({ alpha, margins }) {
    this.mask.restore(alpha);
    this.frame.put(margins);
  }

  key(event) {
    if (event.target.closest("input, select, textarea, dialog")) return;
    const letter = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && letter === "z") this.steps[event.shiftKey ? "redo" : "undo"]();
    else if ((event.ctrlKey || event.metaKey) && letter === "y") this.steps.redo();
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (letter === "[" || letter === "]") this.#brush(this.canvas.size * (letter === "[" ? 0.8 : 1.25));
    else if (TOOLS.some(([, , key]) => key === letter)) this.#take(TOOLS.find(([, , key]) => key === letter)[0]);
    else return;
    event.preventDefault();
  }

  close() {
    this.canvas.close();
    this.list.close();
  }

  #toolbar() {
    this.tools = TOOLS.map(([name, words, key]) => h("button", {
      className: "button round", type: "button", title: `${words} (${key})`, aria: { label: words, pressed: String(name === "brush") },
      data: { tool: name }, onclick: () => this.#take(name),
    }, icon(name)));
    const longest = Math.max(this.image.naturalWidth, this.image.naturalHeight);
    this.size = h("input", { type: "range", min: 2, max: Math.round(longest / 2), value: this.canvas.size, aria: { label: "Brush size" }, oninput: () => this.#brush(Number(this.size.value)) });
    const button = (name, words, act) => h("button", { className: "button round", type: "button", title: words, aria: { label: words }, onclick: act }, icon(name));
    this.back = button("undo", "Undo (Ctrl+Z)", () => this.steps.undo());
    this.forth = button("redo", "Redo (Ctrl+Shift+Z)", () => this.steps.redo());
    return h("div", { className: "tools", role: "toolbar", aria: { label: "Tools" } },
      h("a", { className: "button round", href: `#picture/${this.picture.id}`, title: "Back to the picture", aria: { label: "Back to the picture" } }, icon("close")),
      this.tools, this.size, this.back, this.forth,
      button("invert", "Turn the selection round", () => this.#change(() => this.mask.invert())),
      button("trash", "Clear the selection", () => this.#change(() => this.mask.clear())),
      button("minus", "Zoom out", () => this.canvas.zoom(0.8)), button("plus", "Zoom in", () => this.canvas.zoom(1.25)),
      button("fit", "Show all of it", () => this.canvas.fit()));
  }

  #keys() {
    return h("p", { className: "visually-hidden", id: "editor-keys" },
      "Shift with an arrow key paints a line. Zero shows the whole canvas, brackets change the brush's size.");
  }

  #words(said) {
    const field = h("input", { className: "field", placeholder: "the roof", maxLength: 200, aria: { label: "Select by words" } });
    return h("form", {
      className: "by-words",
      onsubmit: (event) => {
        event.preventDefault();
        if (field.value.trim()) this.#select({ words: field.value });
      },
    }, field, h("button", { className: "button", type: "submit" }, icon("search", 18), "Select"), said ? h("p", { className: "words-said" }, said) : []);
  }

  #sizes() {
    this.sides = Object.fromEntries(SIDES.map((side) => [side, h("input", {
      className: "field", type: "number", min: -80, max: 2000, step: 5, value: 0, aria: { label: `Larger to the ${side}, in percent`, describedby: "editor-sides" },
      onchange: (event) => {
        const share = Number(event.target.value) / 100; // read before a step is kept, which shows the frame as it was
        this.#change(() => this.frame.set(side, share));
      },
      onblur: () => this.#look(),
    })]));
    const choices = (words, cut) => h("optgroup", { label: words }, PROPORTIONS.map((each) => h("option", { value: `${cut}${each}` }, each)));
    const proportion = h("select", { className: "field", aria: { label: "Grow or cut to a proportion" }, onchange: () => {
      const [cut, wide, high] = proportion.value.split(":");
      this.#change(() => this.frame.reach(Number(wide), Number(high), { cut: Boolean(cut) }));
      this.canvas.fit();
      proportion.value = "";
    } }, h("option", { value: "" }, "To a proportion …"), choices("Grow to", ":"), choices("Cut to", "cut:"));
    return h("fieldset", { className: "larger" }, h("legend", {}, "The canvas' sides, in percent of the picture"),
      SIDES.map((side) => h("label", {}, side, this.sides[side])), proportion,
      h("p", { className: "sides-said", id: "editor-sides" }, "Above 0 the canvas is larger there, below 0 the picture is cut off. A fifth of it stays at least; what is cut small is enlarged."));
  }

  #send() {
    this.send = h("button", { className: "button primary", type: "button", onclick: () => this.#draw() }, icon("brush", 18), "Draw four");
    this.said = h("p", { className: "editor-said", role: "status" });
    return h("div", { className: "editor-end" }, this.send, this.said);
  }

  #look() {
    const share = this.mask.share(this.frame.box);
    const nothing = share === 0 && !this.frame.grown;
    this.send.disabled = nothing;
    this.back.disabled = !this.steps.before.length;
    this.forth.disabled = !this.steps.after.length;
    const parts = [
      share ? `${Math.max(1, Math.round(share * 100))}% of the picture is drawn anew` : "",
      this.frame.grown ? "the canvas is made larger" : "",
      this.frame.cut ? "the picture is cut" : "",
    ].filter(Boolean).join(", and ");
    if (!nothing) this.said.textContent = `${parts[0].toUpperCase()}${parts.slice(1)}.`;
    else if (this.frame.cut) this.said.textContent = "Cutting alone draws nothing new: paint over a part as well, or make the canvas larger on a side.";
    else this.said.textContent = "Paint over a part, or make the canvas larger.";
    for (const [side, field] of Object.entries(this.sides ?? {})) {
      if (document.activeElement !== field) field.value = Math.round(this.frame.margins[side] * 100);
    }
  }

  #take(tool) {
    this.canvas.tool = tool;
    this.hint.hidden = tool !== "click" || !this.hint.textContent;
    this.tools.forEach((each) => { each.ariaPressed = String(each.dataset.tool === tool); });
    this.canvas.draw();
  }

  #brush(size) {
    this.canvas.size = Math.max(2, Math.min(Number(this.size.max), size));
    this.size.value = this.canvas.size;
    this.canvas.draw();
  }

  #change(act) {
    this.steps.keep();
    act();
  }

  /** Add what the server finds, by words or at a place. */
  async #select(what) {
    this.said.textContent = "Looking for it …";
    const found = await attempt(async () => {
      const mask = await post(`pictures/${this.picture.id}/selections`, what);
      this.steps.keep();
      await this.mask.add(mask);
    });
    if (!found) this.#look();
  }

  async #draw() {
    if (this.send.disabled) return;
    this.send.disabled = true;
    try {
      const png = await this.mask.png(this.frame.box);
      const body = { prompt: this.box.text, channel: this.channels.value, margins: this.frame.margins, mask: png && await base64(png) };
      await attempt(async () => started(await post(`pictures/${this.picture.id}/edits`, body)), (error) => this.#wrong(error));
    } finally {
      this.#look();
    }
  }

  /** Whether what is wrong could be shown under its place. */
  #wrong(error) {
    if (!error.more?.problems) return false;
    this.box.complain(error.more.problems);
    this.box.field.focus();
    return true;
  }
}

async function base64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return btoa(text);
}

async function show(section, id) {
  if (open?.picture.id === id) return open;
  open?.close();
  open = null;
  const image = new Image();
  image.src = pictureAddress(id);
  const [known, about] = await Promise.all([get("making"), get(`pictures/${encodeURIComponent(id)}/actions`), image.decode()]);
  open = new Editor(section, { id, ...about }, known, image);
  return open;
}

export const editor = {
  name: "edit",
  title: "Editor",
  listed: false,
  open(section, id) {
    const key = (event) => open?.key(event);
    document.addEventListener("keydown", key);
    show(section, id).then((shown) => shown.canvas.node.focus({ preventScroll: true }), (error) => {
      const words = error.name === "EncodingError" ? "There is no such picture for you." : error.message;
      fill(section, h("div", { className: "empty" }, h("p", {}, words), h("a", { className: "button", href: "#gallery" }, "To the gallery")));
    });
    return () => document.removeEventListener("keydown", key);
  },
};
