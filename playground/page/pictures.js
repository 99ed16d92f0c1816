/* Pictures: laid out in a message without a jump when they arrive, and opened large. */

import { bytes, h, icon } from "./dom.js";

const MAGNIFIED = 3;
const LARGEST = { width: 550, height: 400 };
const KINDS = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

export const isPicture = (file) => KINDS.has(file.content_type) && file.width;

/** The message's pictures; `previous` is the message's former element, whose pictures stay until the new ones are here. */
export function gallery(files, message, previous) {
  if (!files.length) return null;
  const former = [...(previous?.querySelectorAll(".picture img") ?? [])];
  const many = files.length > 1;
  const frames = files.map((file, n) => picture(file, files, n, many, former));
  const shapes = new Set(files.map((file) => (file.width / file.height).toFixed(2)));
  const style = many && shapes.size === 1 ? { "--shape": [...shapes][0] } : {};
  return h("div", { className: many ? `gallery many count-${Math.min(files.length, 5)}` : "gallery", style }, frames);
}

function picture(file, files, n, many, former) {
  const same = former.find((img) => img.dataset.id === file.id);
  const img = same ?? h("img", {
    loading: "lazy",
    src: file.url,
    alt: file.description ?? `Picture ${file.filename}`,
    width: file.width,
    height: file.height,
    decoding: "async",
    data: { id: file.id },
  });
  const scale = Math.min(1, LARGEST.width / file.width, LARGEST.height / file.height);
  const grow = Math.max(1, Math.min(3, 256 / Math.max(file.width, file.height)));
  const frame = h("button", {
    type: "button",
    className: "picture",
    aria: { label: `Open ${file.description ?? file.filename}` },
    data: { key: `picture-${n}` },
    onclick: () => lightbox(files, n),
  }, img);
  if (!many) {
    frame.style.setProperty("--width", `${Math.round(file.width * scale * grow)}px`);
    frame.style.setProperty("--shape", `${file.width} / ${file.height}`);
  }
  if (!same && former[n]?.complete && former[n].naturalWidth) keepUntilLoaded(frame, img, former[n].src);
  if (file.filename.startsWith("SPOILER_")) veil(frame);
  return frame;
}

function keepUntilLoaded(frame, img, src) {
  frame.style.backgroundImage = `url("${src}")`;
  const release = () => { frame.style.backgroundImage = ""; };
  img.addEventListener("load", release, { once: true });
  img.addEventListener("error", release, { once: true });
}

function veil(frame) {
  frame.classList.add("veiled");
  frame.addEventListener("click", (event) => {
    if (!frame.classList.contains("veiled")) return;
    frame.classList.remove("veiled");
    event.stopImmediatePropagation();
  }, { capture: true });
}

/** Show a picture large, with its neighbours a key away. */
export function lightbox(files, start) {
  let n = start;
  const img = h("img", {});
  const caption = h("p", { className: "caption" });
  const step = (by) => { n = (n + by + files.length) % files.length; show(); };
  const arrow = (name, label, by) => files.length > 1
    && h("button", { type: "button", className: `arrow ${name}`, aria: { label }, onclick: () => step(by) }, icon(name, 28));
  const open = h("a", { className: "open", target: "_blank", rel: "noreferrer" }, icon("out", 16), " Open original");
  const dialog = h("dialog", { className: "lightbox", aria: { label: "Picture" } },
    h("button", { type: "button", className: "shut", aria: { label: "Close" }, onclick: () => dialog.close() }, icon("close", 24)),
    arrow("left", "Previous picture", -1),
    h("figure", {}, img, h("figcaption", {}, caption, open)),
    arrow("right", "Next picture", 1));
  function show() {
    const file = files[n];
    const scale = Math.min((innerWidth - 160) / file.width, (innerHeight - 120) / file.height, MAGNIFIED);
    Object.assign(img, { src: file.url, alt: file.description ?? file.filename });
    if (scale > 0) Object.assign(img, { width: Math.round(file.width * scale), height: Math.round(file.height * scale) });
    open.href = file.url;
    caption.textContent = `${file.filename} · ${file.width} × ${file.height} · ${bytes(file.size)}`;
  }
  dialog.addEventListener("click", (event) => { if (event.target === dialog || event.target.tagName === "FIGURE") dialog.close(); });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  dialog.addEventListener("close", () => dialog.remove());
  show();
  document.body.append(dialog);
  dialog.showModal();
}
