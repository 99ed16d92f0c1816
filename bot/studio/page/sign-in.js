/* Says how one gets in; and follows a link that the server did not follow: it asks, or says what is wrong. */

const said = document.getElementById("said");
const choices = document.getElementById("choices");
const VIEW = /^[a-z]+(\/[0-9a-f-]{1,48})?$/;
const WENT_WRONG = {
  "#refused": "Discord did not let you in. Try again, or use /studio in Discord to get a link.",
  "#banned": "You may not use this bot. Its operator can change that.",
};

async function enter(link, view, move = false) {
  const response = await fetch("/api/enter", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ link, switch: move }),
  });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) {
    location.replace(`/#${VIEW.test(view) ? view : "gallery"}`);
    return;
  }
  said.textContent = answer.error ?? "The studio does not answer. Is the bot running?";
  choices.replaceChildren();
  if (response.status === 409) {
    const button = document.createElement("button");
    button.className = "button primary";
    button.textContent = "Use the link and switch";
    button.addEventListener("click", () => enter(link, view, true));
    const back = document.createElement("a");
    back.className = "button";
    back.href = "/";
    back.textContent = "Stay signed in";
    choices.append(button, back);
    button.focus();
  }
}

async function offerDiscord() {
  const ways = await fetch("/api/sign-in").then((response) => response.json()).catch(() => ({}));
  if (!ways.discord) return;
  const button = document.createElement("a");
  button.className = "button primary";
  button.href = "/sign-in/discord";
  button.textContent = "Sign in with Discord";
  choices.append(button);
}

async function begin() {
  const behind = new URLSearchParams(location.search);
  const link = behind.get("link");
  if (!link) {
    said.textContent = WENT_WRONG[location.hash] ?? said.textContent;
    await offerDiscord();
    return;
  }
  history.replaceState(null, "", "/enter");
  said.textContent = "Opening the studio …";
  try {
    await enter(link, behind.get("open") ?? "gallery");
  } catch {
    said.textContent = "The studio does not answer. Is the bot running?";
  }
}

await begin();
document.documentElement.dataset.ready = "";
