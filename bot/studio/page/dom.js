/* Builds elements, and says things. Text is always text: nothing here reads HTML. */

/** Make an element: properties, `on…` listeners, `data`, `aria` and `style` objects, then children. */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "data") Object.assign(node.dataset, value);
    else if (key === "aria") Object.entries(value).forEach(([name, said]) => said != null && node.setAttribute(`aria-${name}`, said));
    else if (key === "style") Object.entries(value).forEach(([name, said]) => said != null && node.style.setProperty(name, said));
    else if (key in node && key !== "list" && key !== "form") node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return node;
}

/** Replace all children. */
export function fill(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return node;
}

const PATHS = {
  close: "M6 6l12 12M18 6 6 18",
  moon: "M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5Z",
  sun: "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8ZM12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4",
  out: "M10 4H5a1 1 0 0 0-1 1v14a1 1 0 0 0 1 1h5M15 8l4 4-4 4M19 12H9",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  heart: "M12 20s-7.5-4.6-7.5-10A4.3 4.3 0 0 1 12 7.3 4.3 4.3 0 0 1 19.5 10c0 5.4-7.5 10-7.5 10Z",
  folder: "M3 6h6l2 2h10v11H3z",
  down: "M12 4v11M7 11l5 5 5-5M4 20h16",
  left: "m15 5-7 7 7 7",
  right: "m9 5 7 7-7 7",
  check: "m5 12.5 4.5 4.5L19 7.5",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM16 16l5 5",
  layers: "m12 3-9 5 9 5 9-5zM3 13l9 5 9-5",
  brush: "M4 20c3 0 5-1 5-4l9-11 2 2L9 17",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  pencil: "M4 20l1-4L16 5l3 3L8 19z",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  eraser: "M8 20h12M6 18l-3-3 11-11 6 6-8 8z",
  hand: "M12 3v18M3 12h18M12 3l-3 3M12 3l3 3M12 21l-3-3M12 21l3-3M3 12l3-3M3 12l3 3M21 12l-3-3M21 12l-3 3",
  click: "M5 3l6 16 2-6 6-2z",
  undo: "M9 7 4 12l5 5M4 12h10a6 6 0 0 1 0 12",
  redo: "m15 7 5 5-5 5M20 12H10a6 6 0 0 0 0 12",
  invert: "M12 3a9 9 0 1 0 0 18ZM12 3a9 9 0 0 1 0 18",
  fit: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
};

/** A line icon; it is decoration, so whatever it stands on needs a name of its own. */
export function icon(name, size = 20) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const looks = {
    viewBox: "0 0 24 24", width: size, height: size, fill: "none", stroke: "currentColor", "stroke-width": 2,
    "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true", class: "icon",
  };
  for (const [key, value] of Object.entries(looks)) svg.setAttribute(key, value);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** Say something in the corner for some seconds; screen readers hear it too. */
export function notice(text, bad = false) {
  const said = h("p", { className: bad ? "notice bad" : "notice" }, text);
  document.getElementById("notices").append(said);
  setTimeout(() => said.remove(), bad ? 10_000 : 5_000);
}

/** Do something, and say so where the server would not, unless `told` has said it. Gives whether it was done. */
export async function attempt(act, told = () => false) {
  try {
    await act();
    return true;
  } catch (error) {
    if (!told(error)) notice(error.message, true);
    return false;
  }
}
