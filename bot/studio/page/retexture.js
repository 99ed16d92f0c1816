/* Retexture: asks for another look of a picture and has it drawn, or says why the picture's model cannot do it. */

import { get, post } from "./api.js";
import { ask } from "./dialog.js";
import { h, notice } from "./dom.js";

/** What the server answers with, null where nothing is begun. `channel` is where the message is to stand. */
export async function retexture(picture, channel = "") {
  const { prompt, why_not: whyNot } = await get(`pictures/${picture}/retextures`);
  if (whyNot) {
    notice(whyNot, true);
    return null;
  }
  const field = h("textarea", { className: "field", rows: 4, maxLength: 6000, required: true, autofocus: true, value: prompt });
  const shown = h("output", {}, "1");
  const closely = h("input", { type: "range", min: 0.1, max: 2, step: 0.1, value: 1, oninput: () => { shown.textContent = closely.value; } });
  const said = await ask("Retexture", [
    h("p", {}, "Four pictures with the lines of this one, in the look that the prompt describes."),
    h("label", { className: "labelled" }, "Prompt", field),
    h("label", { className: "slider" }, h("span", {}, "How closely"), closely, shown),
  ], { confirm: "Draw four", answer: () => ({ prompt: field.value, strength: Number(closely.value) }) });
  return said && post(`pictures/${picture}/retextures`, { ...said, channel });
}
