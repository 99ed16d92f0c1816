/* A job as a card: how far it is, how it looks by now, its pictures in the end, and what can be done with them. */

import { get, post, thumbnailAddress } from "./api.js";
import { change } from "./change.js";
import { askText } from "./dialog.js";
import { attempt, fill, h, icon, notice } from "./dom.js";
import { isDone, jobs } from "./jobs.js";
import { retexture } from "./retexture.js";

const WORDS = { queued: "Waiting", running: "Drawing", rendered: "Being delivered", delivered: "Done", failed: "Stopped", cancelled: "Cancelled", deleted: "Deleted" };

/** What is said of a job's progress. */
function state(job) {
  if (job.status === "queued") {
    const place = job.position ? `number ${job.position} in the queue` : "in your queue";
    return `Waiting, ${place}${job.eta ? `, about ${time(job.eta)}` : ""}`;
  }
  if (job.status === "running") return `Drawing, ${job.percent}%`;
  return WORDS[job.status];
}

const time = (seconds) => (seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`);

/** A card that stays up to date. `channel()` says where what is made of its pictures is posted. */
export class JobCard {
  constructor(job, channel) {
    this.channel = channel;
    this.head = h("p", { className: "job-prompt" });
    this.words = h("p", { className: "job-state" });
    this.bar = h("progress", { max: 100, value: 0, aria: { label: "Progress" } });
    this.pictures = h("div", { className: "job-pictures" });
    this.below = h("div", { className: "job-actions" });
    this.stop = h("button", { className: "button", type: "button", onclick: () => attempt(() => post(`jobs/${this.job.id}/cancel`)) }, icon("close", 18), "Cancel");
    this.node = h("article", { className: "job", data: { job: job.id } }, this.head, this.words, this.bar, this.pictures, this.below);
    this.show(job);
  }

  show(job) {
    const before = this.job;
    this.job = job;
    this.node.dataset.status = job.status;
    this.node.hidden = job.status === "deleted";
    if (this.node.hidden) return;
    this.node.setAttribute("aria-label", `Job: ${job.prompt}`);
    this.head.textContent = job.prompt;
    this.words.textContent = state(job);
    this.bar.hidden = isDone(job);
    this.bar.value = job.percent;
    if (job.pictures.length) {
      if (before?.pictures?.length !== job.pictures.length) this.#finished();
    } else if (isDone(job)) {
      fill(this.pictures, job.reason ? h("p", { className: "job-reason" }, job.reason) : []);
      fill(this.below);
    } else {
      this.#underWay(before);
    }
  }

  #underWay(before) {
    const { job } = this;
    if (!this.pictures.firstChild) {
      const [wide, high] = job.single ? [job.width, job.height] : [2 * job.width, 2 * job.height];
      this.preview = h("img", { className: "job-preview", alt: "", width: wide, height: high });
      fill(this.pictures, this.preview);
      fill(this.below, this.stop);
    }
    if (job.preview && job.preview !== before?.preview) {
      this.preview.src = `/previews/${job.id}?${job.preview}`;
      this.preview.alt = "How it looks by now";
    }
  }

  #finished() {
    const { job } = this;
    fill(this.pictures, h("div", { className: job.pictures.length > 1 ? "four" : "" }, job.pictures.map((each, index) => this.#picture(each, index))));
    const whole = job.actions.filter((each) => !each.each);
    fill(this.below,
      whole.map((each) => this.#button(each, job.pictures[0].id)),
      job.pictures.length === 1 ? this.#menu(job.pictures[0], 1) : [],
      job.notes.length ? h("ul", { className: "job-notes" }, job.notes.map((note) => h("li", {}, note))) : []);
  }

  #picture(each, index) {
    const name = this.job.pictures.length > 1 ? `Picture ${index + 1}` : "The picture";
    const image = h("img", { src: thumbnailAddress(each.id), alt: `${name}: ${this.job.prompt}`, width: each.width, height: each.height, draggable: true });
    image.addEventListener("dragstart", (event) => event.dataTransfer.setData("application/x-easel-picture", each.id));
    return h("figure", {}, h("a", { href: `#picture/${each.id}` }, image), this.job.pictures.length > 1 ? this.#menu(each, index + 1) : []);
  }

  /** What can be done with one picture, behind one button. */
  #menu(picture, number) {
    const items = this.job.actions.filter((each) => each.each).map((each) => this.#button(each, picture.id));
    return h("details", { className: "job-menu" },
      h("summary", { className: "button", aria: { label: `Actions of picture ${number}` } }, `#${number}`),
      h("div", { className: "job-items" },
        h("a", { className: "button", href: `#edit/${picture.id}` }, icon("brush", 18), "Edit"),
        this.#asking(change, picture.id, "pencil", "Change"), this.#asking(retexture, picture.id, "layers", "Retexture"), items));
  }

  /** The button behind which `how` asks what is to be drawn of a picture. */
  #asking(how, picture, mark, words) {
    const asked = () => attempt(async () => {
      const answer = await how(picture, this.channel?.() ?? "");
      if (answer) started(answer);
    });
    return h("button", { className: "button", type: "button", onclick: asked }, icon(mark, 18), words);
  }

  #button(action, picture) {
    return h("button", { className: "button", type: "button", onclick: () => act(action, picture, this.channel?.() ?? "", this.job.prompt) }, action.label);
  }
}

/** Do one of a picture's actions, and have its job shown; Custom Zoom asks for its prompt first. */
export async function act(action, picture, channel = "", prompt = "") {
  const body = { channel };
  if (action.name === "custom_zoom") {
    const { prompt: own } = await get(`pictures/${picture}/actions`);
    body.prompt = await askText("Custom Zoom", "Prompt, with --zoom and --ar", { value: `${prompt || own} --zoom 2`, confirm: "Zoom out", longest: 6000 });
    if (!body.prompt) return;
  }
  await attempt(async () => started(await post(`pictures/${picture}/actions/${action.name}`, body)));
}

/** Take in jobs that have just been begun. */
export function started(answer) {
  answer.jobs.forEach((job) => jobs.take(job));
  if (answer.notice) notice(answer.notice, true);
  return answer.jobs;
}

/** A list of cards, newest first, of those jobs for which `wanted` is true. */
export class JobList {
  constructor({ wanted = () => true, channel, empty }) {
    this.cards = new Map();
    this.wanted = wanted;
    this.channel = channel;
    this.none = h("p", { className: "job-none" }, empty);
    this.list = h("div", { className: "jobs", role: "feed", aria: { label: "Jobs" } });
    this.node = h("div", {}, this.none, this.list);
    this.#count();
    this.heard = (event) => this.show(event.detail);
    jobs.addEventListener("change", this.heard);
    [...jobs.known.values()].filter((job) => job.created).sort((a, b) => a.created - b.created).forEach((job) => this.show(job));
  }

  #count() {
    this.none.hidden = this.cards.size > 0;
    this.list.hidden = this.cards.size === 0; // a feed without articles is none
  }

  /** Show no more. */
  close() {
    jobs.removeEventListener("change", this.heard);
  }

  show(job) {
    if (!this.wanted(job)) return;
    const card = this.cards.get(job.id);
    if (card) card.show(job);
    else if (job.status !== "deleted") {
      const made = new JobCard(job, this.channel);
      this.cards.set(job.id, made);
      const next = [...this.cards.values()].filter((each) => each !== made && each.job.created <= job.created)
        .sort((a, b) => b.job.created - a.job.created)[0];
      this.list.insertBefore(made.node, next?.node ?? null);
    }
    this.#count();
  }
}

