/* The public pictures of the servers that one is in. */

import { h } from "./dom.js";

export const explore = {
  name: "explore",
  title: "Explore",
  listed: true,
  open(section) {
    section.replaceChildren(h("p", {}, "Pictures of your servers"));
  },
};
