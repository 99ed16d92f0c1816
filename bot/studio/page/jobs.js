/* One's jobs as they stand now: the server tells of every change, and this tells whoever shows them. */

import { get } from "./api.js";

const AGAIN = 3000; // milliseconds until a line that the browser gave up is tried anew
const DONE = new Set(["delivered", "failed", "cancelled", "deleted"]);

/** Whether nothing more will happen to a job. */
export const isDone = (job) => DONE.has(job.status);

/** Fires "change" with the job as `detail`, and "line" when the connection comes or goes. */
class Jobs extends EventTarget {
  constructor() {
    super();
    this.known = new Map();
    this.connected = false;
  }

  /** Begin to listen; more calls change nothing. */
  listen() {
    if (this.source) return;
    this.source = new EventSource("/api/events");
    this.source.addEventListener("all", (event) => this.#all(JSON.parse(event.data).jobs));
    this.source.addEventListener("jobs", (event) => JSON.parse(event.data).jobs.forEach((job) => this.take(job)));
    this.source.addEventListener("open", () => this.#line(true));
    this.source.addEventListener("error", () => this.#broken());
  }

  /** A job as the server told it; answers may overtake one another, and what is older is no news. */
  take(job) {
    const before = this.known.get(job.id);
    if (before && job.told < before.told) return;
    this.known.set(job.id, { ...before, ...job });
    this.dispatchEvent(new CustomEvent("change", { detail: this.known.get(job.id) }));
  }

  /** Everything anew, after a start or a break: what is not told of any more may have ended meanwhile. */
  async #all(told) {
    told.forEach((job) => this.take(job));
    const ids = new Set(told.map((job) => job.id));
    for (const job of [...this.known.values()]) {
      if (ids.has(job.id) || isDone(job)) continue;
      await get(`jobs/${job.id}`).then((now) => this.take(now), () => this.take({ id: job.id, status: "deleted" }));
    }
  }

  #broken() {
    this.#line(false);
    if (this.source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    this.source = null;
    // Where nobody is signed in any more, asking leads to the sign-in.
    setTimeout(() => get("session").catch(() => {}).then(() => this.listen()), AGAIN);
  }

  #line(connected) {
    if (this.connected === connected) return;
    this.connected = connected;
    this.dispatchEvent(new Event("line"));
  }
}

export const jobs = new Jobs();
