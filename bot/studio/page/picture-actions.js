/* What can be done with a picture beside looking at it: the editor, and the actions of Discord's buttons. */

import { get } from "./api.js";
import { change } from "./change.js";
import { askChoice } from "./dialog.js";
import { attempt } from "./dom.js";
import { act, started } from "./job-card.js";
import { actions } from "./picture.js";
import { retexture } from "./retexture.js";

/** Ask which of them, and do it; what comes of it is seen where pictures are made. */
async function more(picture) {
  await attempt(async () => {
    const { actions: offered, prompt } = await get(`pictures/${picture.id}/actions`);
    const name = await askChoice("Go on from this picture", "What is to be made", offered.map((each) => [each.name, each.label]), "Make it");
    const chosen = offered.find((each) => each.name === name);
    if (!chosen) return;
    location.hash = "make";
    await act(chosen, picture.id, "", prompt);
  });
}

/** Ask by `how` what is to be drawn of it; what comes of it is seen where pictures are made. */
async function drawn(how, picture) {
  await attempt(async () => {
    const answer = await how(picture.id);
    if (!answer) return;
    started(answer);
    location.hash = "make";
  });
}

actions.push(
  { words: "Edit", icon: "brush", main: true, when: () => true, act: (picture) => { location.hash = `edit/${picture.id}`; } },
  { words: "Go on …", icon: "plus", main: true, when: () => true, act: more },
  { words: "Change", icon: "pencil", when: () => true, act: (picture) => drawn(change, picture) },
  { name: "retexture", words: "Retexture", icon: "layers", when: () => true, act: (picture) => drawn(retexture, picture) },
);
