/* Talks to the server: JSON calls of a signed-in visitor, each change with the proof that it comes from this page. */

/** The server would not do it; the message says why, `more` what else it told. */
export class Refused extends Error {
  constructor(message, status, more = {}) {
    super(message);
    this.status = status;
    this.more = more;
  }
}

let session = null;

/** Who is signed in; every change waits for it, as it brings the session's proof along. */
export function signedIn() {
  session ??= call("GET", "session");
  return session;
}

/** Ask for something: `query` holds what is set of it. */
export function get(path, query = {}, options = {}) {
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value != null && value !== ""));
  return call("GET", asked.size ? `${path}?${asked}` : path, undefined, options);
}

/** Change something. `body` is sent as JSON, a Blob as it is. */
export const post = (path, body = {}) => call("POST", path, body);
export const patch = (path, body = {}) => call("PATCH", path, body);
export const remove = (path) => call("DELETE", path);

/** Where a picture's file is, and its small one. */
export const pictureAddress = (id) => `/pictures/${id}`;
export const thumbnailAddress = (id) => `/thumbnails/${id}`;

async function call(method, path, body, { signal } = {}) {
  const headers = {};
  if (method !== "GET") headers["X-Easel-Proof"] = (await signedIn()).proof;
  if (body !== undefined && !(body instanceof Blob)) headers["Content-Type"] = "application/json";
  const sent = body === undefined || body instanceof Blob ? body : JSON.stringify(body);
  let response;
  try {
    response = await fetch(`/api/${path}`, { method, headers, body: sent, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("The studio does not answer. Is the bot running?", 0);
  }
  if (response.status === 401) {
    location.assign("/sign-in");
    return new Promise(() => {}); // the page is on its way out
  }
  if (response.ok && response.headers.get("Content-Type") === "image/png") return response.blob();
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new Refused(answer?.error ?? `The studio answered ${response.status}.`, response.status, answer ?? {});
  return answer;
}
