/* One's own pictures. */

import { h } from "./dom.js";

export const gallery = {
  name: "gallery",
  title: "Gallery",
  listed: true,
  open(section) {
    section.replaceChildren(h("p", {}, "Your pictures"));
  },
};
