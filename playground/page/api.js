/* Talks to the server: JSON calls, files, and the stream of events. */

/** The server would not do it; the message says why. */
export class Refused extends Error {}

/** The server was not there to be asked. */
export class Unreachable extends Refused {}

/** Fires "answer" whenever the server has answered: then it is there again. */
export const server = new EventTarget();

async function call(method, path, { body, files, query } = {}) {
  const url = new URL(`/playground/${path}`, location.origin);
  for (const [key, value] of Object.entries(query ?? {})) if (value != null) url.searchParams.set(key, value);
  const options = { method };
  if (files?.length) {
    options.body = new FormData();
    options.body.append("payload_json", JSON.stringify(body));
    files.forEach((file, n) => options.body.append(`files[${n}]`, file, file.name));
  } else if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { "Content-Type": "application/json" };
  }
  let response;
  try {
    response = await fetch(url, options);
  } catch {
    throw new Unreachable("The playground does not answer. Is it still running?");
  }
  server.dispatchEvent(new Event("answer"));
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw new Refused(answer?.error ?? `The playground answered ${response.status}.`);
  return answer;
}

export const api = {
  state: (person) => call("GET", "state", { query: { person } }),
  messages: (person, channel, before, limit = 50) =>
    call("GET", "messages", { query: { person, channel, before, limit } }),
  commands: (person, channel) => call("GET", "commands", { query: { person, channel } }),
  interact: (person, body, files) => call("POST", "interactions", { body: { person, ...body }, files }),
  say: (person, body, files) => call("POST", "messages", { body: { person, ...body }, files }),
  remove: (person, message) => call("DELETE", `messages/${message}`, { query: { person } }),
  react: (person, message, emoji, away) =>
    call(away ? "DELETE" : "PUT", `messages/${message}/reactions/${encodeURIComponent(emoji)}`, { query: { person } }),
  arrive: (name, display) => call("POST", "people", { body: { name, display } }),
};

/** Listen to events until closed; calls `hear` with each, `lost` when the connection breaks (it comes back). */
export function listen(person, hear, lost) {
  const source = new EventSource(`/playground/events?person=${encodeURIComponent(person)}`);
  source.onmessage = (event) => hear(JSON.parse(event.data));
  source.onerror = lost;
  return () => source.close();
}
