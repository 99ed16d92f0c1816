/* Making pictures: the prompt, its parameters and pictures, one's settings, and the jobs that come of it. */

import { get, patch, post, Refused } from "./api.js";
import { Brought } from "./brought.js";
import { sure } from "./dialog.js";
import { attempt, fill, h, icon, notice } from "./dom.js";
import { JobList, started } from "./job-card.js";
import { jobs } from "./jobs.js";
import { Parameters } from "./parameters.js";
import { PromptBox } from "./prompt-box.js";
import { channelMenu } from "./channels.js";

const QUESTIONS = { many: ["Many jobs", "Start them all"], anyway: ["Unknown to this model", "Draw it anyway"] };

let view = null;

async function build(section) {
  const known = await get("making");
  const box = new PromptBox();
  const brought = new Brought();
  const channels = channelMenu(known.channels);
  const parameters = new Parameters(box, known.settings);
  const send = h("button", { className: "button primary", type: "submit" }, icon("brush", 18), "Draw");
  const form = h("form", { className: "making", aria: { label: "New pictures" } },
    box.node, brought.node, parameters.node,
    h("div", { className: "making-end" }, channels.node, send),
    settings(known, box, parameters),
    h("div", { className: "examples" }, h("span", {}, "For instance:"), known.examples.map((text) =>
      h("button", { className: "button chip", type: "button", onclick: () => { box.rewrite(text); box.field.focus(); } }, text))));
  brought.catches(form);
  const draw = () => {
    if (!send.disabled) imagine(box, brought, channels.value, send);
  };
  box.addEventListener("send", draw);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    draw();
  });
  const line = h("p", { className: "job-line", role: "status" });
  const list = new JobList({ channel: () => channels.value, empty: "What you draw here, or in Discord, appears in this place." });
  jobs.addEventListener("line", () => { line.textContent = jobs.connected ? "" : "The bot does not answer. Your jobs go on when it is back."; });
  fill(section, form, h("div", { className: "results" }, line, list.node));
  jobs.listen();
  return { box };
}

/** Draw the prompt; questions of the server are asked, and what is wrong is shown under its place. */
async function imagine(box, brought, channel, send, answers = {}) {
  const { before, behind } = brought.around;
  send.disabled = true;
  try {
    started(await post("jobs", { prompt: before + box.text + behind, channel, ...answers }));
    box.complain([]);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { ask, problems } = error.more;
    if (problems) {
      box.complain(problems, before.length);
      box.field.focus();
    } else if (ask) {
      const [title, confirm] = QUESTIONS[ask];
      if (await sure(title, error.message, confirm, { danger: false })) await imagine(box, brought, channel, send, { ...answers, [ask]: true });
    } else notice(error.message, true);
  } finally {
    send.disabled = false;
  }
}

/** One's settings, the same as in Discord. A field shows what the server has, also where it took no other. */
function settings(known, box, parameters) {
  const change = async (name, value, show) => {
    await attempt(async () => {
      const { settings: now, model } = await patch("settings", { [name]: value });
      Object.assign(known.settings, now);
      known.model = model;
      parameters.follow(box.text);
    });
    show(name === "model" ? known.model : known.settings[name]);
  };
  const menu = (words, name, value, choices) => h("label", { className: "labelled" }, words,
    h("select", { className: "field", onchange: ({ target }) => change(name, target.value, (has) => { target.value = has; }) },
      choices.map(([each, shown]) => h("option", { value: each, selected: each === value }, shown))));
  const tick = (words, name) => h("label", { className: "tick" },
    h("input", { type: "checkbox", checked: known.settings[name], onchange: ({ target }) => change(name, target.checked, (has) => { target.checked = has; }) }), words);
  return h("details", { className: "own-settings" }, h("summary", {}, "Your settings"),
    h("div", { className: "own-settings-in" },
      menu("Model", "model", known.model, known.models.map((each) => [each.name, each.title])),
      menu("Speed", "lane", known.settings.lane, [["turbo", "Turbo"], ["fast", "Fast"], ["relax", "Relax"]]),
      tick("High Variation Mode", "strong"), tick("Stealth: only you see your jobs", "stealth"), tick("Make short prompts longer first", "expand")));
}

export const make = {
  name: "make",
  title: "Create",
  listed: true,
  open(section) {
    view ??= build(section).catch((error) => {
      view = null;
      fill(section, h("div", { className: "empty" }, h("p", {}, error.message)));
    });
    view.then((built) => built?.box.field.focus({ preventScroll: true }));
  },
};
