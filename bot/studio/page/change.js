/* Change: asks in words what is to be different in a picture, and has it drawn. */

import { post } from "./api.js";
import { ask } from "./dialog.js";
import { h } from "./dom.js";

/** What the server answers with, null where nothing is begun. `channel` is where the message is to stand. */
export async function change(picture, channel = "") {
  const field = h("textarea", { className: "field", rows: 3, maxLength: 6000, required: true, autofocus: true, placeholder: "make the house blue" });
  const said = await ask("Change", [
    h("p", {}, "Four pictures that are this one but for what you say. The way back is under Made from."),
    h("label", { className: "labelled" }, "What is to change", field),
  ], { confirm: "Draw four", answer: () => ({ prompt: field.value }) });
  return said && post(`pictures/${picture}/changes`, { ...said, channel });
}
