/* Where a job's message is to stand: on the page alone, in a channel, or in one's direct messages. */

import { h } from "./dom.js";

const KEPT = "channel"; // under which name the last choice is remembered

/** A menu of places; `value` is what the server is told. */
export function channelMenu(channels) {
  const field = h("select", { className: "field" },
    h("option", { value: "" }, "On this page alone"),
    channels.map((each) => h("option", { value: each.id }, `#${each.name}, ${each.server}`)),
    h("option", { value: "direct" }, "As a direct message"));
  field.value = localStorage.getItem(KEPT) ?? "";
  if (field.selectedIndex < 0) field.value = "";
  field.addEventListener("change", () => localStorage.setItem(KEPT, field.value));
  return {
    node: h("label", { className: "labelled" }, "Show it", field),
    get value() {
      return field.value;
    },
  };
}
