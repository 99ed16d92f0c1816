/* A layer beside something: placed where there is room, closed by Escape, a press elsewhere, or choosing. */

import { h } from "./dom.js";

let current = null;

/** Show `content` beside `anchor`; gives `close`. `closed` is called once it has gone. */
export function popup(content, anchor, { closed, align = "left", width } = {}) {
  current?.close();
  const layer = h("div", { className: "popup" }, content);
  document.body.append(layer);
  place(layer, anchor, align, width);
  anchor.setAttribute("aria-expanded", "true");
  let done = false;
  const close = (refocus = true) => {
    if (done) return;
    done = true;
    current = null;
    const focused = layer.contains(document.activeElement);
    layer.remove();
    document.removeEventListener("pointerdown", outside, true);
    window.removeEventListener("resize", hide);
    anchor.setAttribute("aria-expanded", "false");
    if (focused && refocus && anchor.isConnected) anchor.focus();
    closed?.();
  };
  const hide = () => close(false);
  const outside = (event) => {
    if (!layer.contains(event.target) && !anchor.contains(event.target)) hide();
  };
  document.addEventListener("pointerdown", outside, true);
  window.addEventListener("resize", hide);
  layer.addEventListener("keydown", (event) => {
    if (event.key === "Escape" || event.key === "Tab") {
      event.stopPropagation();
      if (event.key === "Escape") event.preventDefault();
      close();
    }
  });
  current = { close };
  return current;
}

function place(layer, anchor, align, width) {
  const box = anchor.getBoundingClientRect();
  layer.style.setProperty("min-width", `${Math.round(width ?? Math.min(box.width, 480))}px`);
  const size = layer.getBoundingClientRect();
  const above = innerHeight - box.bottom < size.height + 12 && box.top > size.height + 12;
  const left = align === "right" ? box.right - size.width : box.left;
  const top = above ? box.top - size.height - 6 : Math.min(box.bottom + 6, innerHeight - size.height - 8);
  layer.style.setProperty("left", `${Math.max(8, Math.min(left, innerWidth - size.width - 8))}px`);
  layer.style.setProperty("top", `${Math.max(8, top)}px`);
}

/** A menu of deeds: `items` have label, act, and maybe icon and danger. */
export function menu(items, anchor, label, align = "right") {
  const list = h("div", { className: "menu", role: "menu", aria: { label } });
  const shown = popup(list, anchor, { align, width: 200 });
  for (const item of items) {
    list.append(item === "line" ? h("hr") : h("button", {
      type: "button", role: "menuitem", className: item.danger ? "danger" : "",
      onclick: () => { shown.close(); item.act(); },
    }, item.face, h("span", {}, item.label), item.icon));
  }
  place(list.parentNode, anchor, align, 200);
  const buttons = [...list.querySelectorAll("button")];
  list.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    buttons[(at + step + buttons.length) % buttons.length].focus();
  });
  buttons[0]?.focus();
}
