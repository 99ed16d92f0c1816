/* The public pictures of the servers that one is in, newest first. */

import { wallView } from "./gallery.js";

export const explore = wallView({
  name: "explore",
  title: "Explore",
  shared: true,
  nothing: "Nothing public was drawn in your servers yet, or Easel has not met you there: use /studio in a server.",
});
