/* Questions that are asked before something happens: the browser's own dialogs, with our looks. */

import { h } from "./dom.js";

/** Ask; `parts` stand in the form. Gives what `answer` makes of it when it is sent, null when it is closed. */
export function ask(title, parts, { confirm, danger = false, answer = () => true }) {
  return new Promise((done) => {
    const form = h("form", { method: "dialog" },
      h("h2", { id: "dialog-title" }, title),
      parts,
      h("div", { className: "dialog-end" },
        h("button", { className: "button", type: "button", onclick: () => dialog.close() }, "Cancel"),
        h("button", { className: `button ${danger ? "danger" : "primary"}`, type: "submit", value: "yes" }, confirm)));
    const dialog = h("dialog", { className: "dialog", aria: { labelledby: "dialog-title" } }, form);
    form.addEventListener("submit", () => { dialog.returnValue = "yes"; });
    dialog.addEventListener("close", () => {
      dialog.remove();
      done(dialog.returnValue === "yes" ? answer(form) : null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Whether something is to be done; red where it cannot be taken back. */
export function sure(title, sentence, confirm, { danger = true } = {}) {
  return ask(title, h("p", {}, sentence), { confirm, danger });
}

/** A text; null when it is not given. */
export function askText(title, label, { value = "", confirm = "Save", longest = 60 } = {}) {
  const field = h("input", { className: "field", name: "text", value, maxLength: longest, required: true, autofocus: true, autocomplete: "off" });
  return ask(title, h("label", { className: "labelled" }, label, field), { confirm, answer: () => field.value.trim() || null });
}

/** One of several, as `[value, words]`; null when none is chosen. */
export function askChoice(title, label, choices, confirm) {
  const menu = h("select", { className: "field", name: "choice" }, choices.map(([value, words]) => h("option", { value }, words)));
  return ask(title, h("label", { className: "labelled" }, label, menu), { confirm, answer: () => menu.value });
}
