/* Buttons, menus and the blocks of the newer layout, with all their states. */

import { h, icon } from "./dom.js";
import { anchor } from "./links.js";
import { markdown } from "./markdown.js";
import { lightbox } from "./pictures.js";
import { select } from "./select.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "primary" };
const FAILED = "This interaction failed";

/** The elements for a message's components. */
export function components(message, view) {
  if (!message.components.length) return null;
  const last = view.store.lastUse(message.id);
  const failed = last?.status === "failed" && view.store.mine.has(last.id);
  return h("div", { className: "components" },
    message.components.map((each) => block(each, message, view)),
    failed && h("p", { className: "failed", role: "status" }, `${FAILED}: the application did not respond.`));
}

function block(component, message, view) {
  const children = () => component.components.map((each) => block(each, message, view));
  switch (component.type) {
    case 1: return h("div", { className: "row" }, children());
    case 2: return button(component, message, view);
    case 3: case 5: case 6: case 7: case 8: return menu(component, message, view);
    case 9: return h("div", { className: "section" }, h("div", {}, children()), block(component.accessory, message, view));
    case 10: return h("div", { className: "content" }, markdown(component.content, view.names));
    case 11: return thumbnail(component);
    case 12: return h("div", { className: `gallery many count-${Math.min(component.items.length, 5)}` }, component.items.map((item) => shown(item.media, item.description)));
    case 13: return h("a", { className: "file", href: component.file.url, download: true }, icon("file", 24), " File");
    case 14: return h("hr", { className: component.divider === false ? "blank" : "" });
    case 17: return container(component, children());
    default: return null;
  }
}

function container(component, children) {
  const colour = component.accent_color == null ? {} : { "--bar": `#${component.accent_color.toString(16).padStart(6, "0")}` };
  return h("div", { className: "container", style: colour }, children);
}

const thumbnail = (component) => h("div", { className: "thumbnail" }, shown(component.media, component.description));

function shown(media, description) {
  const file = { url: media.url, filename: description ?? "picture", width: media.width, height: media.height, size: 0 };
  return h("button", { type: "button", className: "picture", aria: { label: `Open ${description ?? "picture"}` }, onclick: () => lightbox([file], 0) },
    h("img", { loading: "lazy", src: media.url, alt: description ?? "", width: media.width, height: media.height, decoding: "async" }));
}

const waiting = (message, view) => {
  const last = view.store.lastUse(message.id);
  return last?.status === "pending" ? last : null;
};

function button(component, message, view) {
  const face = [component.emoji?.name && h("span", { className: "emoji" }, component.emoji.name),
    component.label && h("span", {}, component.label)];
  if (component.style === 5) {
    return anchor(component.url, [face, icon("out", 14)], view.names, "button link");
  }
  const pressed = waiting(message, view);
  const mine = pressed?.custom_id === component.custom_id;
  return h("button", {
    type: "button",
    className: `button ${STYLES[component.style]}${mine ? " waiting" : ""}`,
    disabled: component.disabled || Boolean(pressed && !mine),
    aria: { busy: String(mine), label: component.label ? undefined : component.emoji?.name },
    data: { key: component.custom_id },
    onclick: () => { if (!mine) view.press(message, component.custom_id); },
  }, face);
}

function menu(component, message, view) {
  const chosen = view.store.chosen.get(message.id)?.[component.custom_id];
  const offered = component.options ?? people(component, view);
  return select({
    label: component.placeholder ?? "Make a selection",
    options: chosen ? offered.map((option) => ({ ...option, default: chosen.includes(option.value) })) : offered,
    low: component.min_values ?? 1,
    high: component.max_values ?? 1,
    disabled: component.disabled || Boolean(waiting(message, view)),
    key: component.custom_id,
    choose: (values) => {
      view.store.choose(message.id, component.custom_id, values);
      view.press(message, component.custom_id, values);
    },
  });
}

function people(component, view) {
  const users = [...view.store.users.values()].map((user) => ({ label: user.display, value: user.id }));
  const channels = [...view.store.channels.values()].filter((each) => each.kind === "text").map((each) => ({ label: `#${each.name}`, value: each.id }));
  return component.type === 8 ? channels : users;
}
