/* A menu that opens a list: one choice or several, by mouse or keys. */

import { h, icon } from "./dom.js";
import { popup } from "./popup.js";

let count = 0;

/** The closed menu. `choose` gets the values; `options` have label, value, and maybe description, emoji, default. */
export function select({ label, options, low, high, disabled, key, choose }) {
  const chosen = options.filter((option) => option.default);
  const button = h("button", {
    type: "button",
    className: "select",
    disabled,
    role: "combobox",
    aria: { haspopup: "listbox", expanded: "false", label },
    data: { key },
    onclick: () => open(button, { label, options, low, high, choose }),
    onkeydown: (event) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      button.click();
    },
  }, face(chosen, label), icon("down", 18));
  return button;
}

function face(chosen, label) {
  if (!chosen.length) return h("span", { className: "placeholder" }, label);
  return h("span", {}, chosen.map((option) => [option.emoji?.name, option.label].filter(Boolean).join(" ")).join(", "));
}

function open(button, { label, options, low, high, choose }) {
  const picked = new Set(options.filter((option) => option.default).map((option) => option.value));
  const before = [...picked].join();
  const several = high > 1;
  count += 1;
  const items = options.map((option, n) => h("div", {
    className: "option",
    id: `option-${count}-${n}`,
    role: "option",
    aria: { selected: String(picked.has(option.value)) },
    onclick: () => pick(n),
  },
  option.emoji?.name && h("span", { className: "emoji" }, option.emoji.name),
  h("span", { className: "option-words" }, h("span", {}, option.label), option.description && h("small", {}, option.description)),
  h("span", { className: "tick" }, icon("check", 16))));
  const list = h("div", { className: "options", role: "listbox", tabIndex: -1, aria: { label, multiselectable: String(several) } }, items);
  let at = Math.max(0, options.findIndex((option) => picked.has(option.value)));
  const send = () => {
    const values = options.map((option) => option.value).filter((value) => picked.has(value));
    if (values.length >= low && values.join() !== before) choose(values);
  };
  const shown = popup(list, button, { closed: () => several && send() });
  function move(to) {
    items[at].classList.remove("active");
    at = (to + items.length) % items.length;
    items[at].classList.add("active");
    items[at].scrollIntoView({ block: "nearest" });
    list.setAttribute("aria-activedescendant", items[at].id);
  }
  function pick(n) {
    const { value } = options[n];
    if (!several) {
      shown.close();
      choose([value]);
      return;
    }
    if (picked.has(value)) picked.delete(value);
    else if (picked.size < high) picked.add(value);
    items[n].setAttribute("aria-selected", String(picked.has(value)));
    move(n);
  }
  list.addEventListener("keydown", (event) => {
    const keys = { ArrowDown: () => move(at + 1), ArrowUp: () => move(at - 1), Home: () => move(0), End: () => move(items.length - 1), Enter: () => pick(at), " ": () => pick(at) };
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); return; }
    if (event.key.length !== 1) return;
    const found = options.findIndex((option, n) => n !== at && option.label.toLowerCase().startsWith(event.key.toLowerCase()));
    if (found >= 0) move(found);
  });
  move(at);
  list.focus();
}
