/* Embeds: the framed cards that bots put under a message. */

import { h } from "./dom.js";
import { anchor } from "./links.js";
import { ago, markdown } from "./markdown.js";
import { lightbox } from "./pictures.js";

/** The elements for a message's embeds. */
export function embeds(message, names) {
  return message.embeds.map((embed) => card(embed, names));
}

function card(embed, names) {
  const colour = embed.color == null ? undefined : `#${embed.color.toString(16).padStart(6, "0")}`;
  return h("article", { className: "embed", style: colour ? { "--bar": colour } : {} },
    h("div", { className: "embed-words" },
      embed.author && h("div", { className: "embed-author" }, linked(embed.author.url, embed.author.name, names)),
      embed.title && h("div", { className: "embed-title" }, linked(embed.url, markdown(embed.title, names), names)),
      embed.description && h("div", { className: "embed-text" }, markdown(embed.description, names)),
      embed.fields?.length > 0 && h("dl", { className: "embed-fields" }, embed.fields.map((field) =>
        h("div", { className: field.inline ? "inline" : "" },
          h("dt", {}, markdown(field.name, names)), h("dd", {}, markdown(field.value, names)))))),
    embed.thumbnail && media(embed.thumbnail, "embed-thumbnail"),
    embed.image && media(embed.image, "embed-image"),
    (embed.footer || embed.timestamp) && h("footer", { className: "embed-footer" },
      [embed.footer?.text, embed.timestamp && ago(new Date(embed.timestamp))].filter(Boolean).join(" · ")));
}

const linked = (url, content, names) => (url ? anchor(url, content, names) : content);

function media(item, className) {
  const name = item.url.split("?")[0].split("/").pop();
  const file = { url: item.url, filename: name, width: item.width ?? "?", height: item.height ?? "?", size: 0 };
  return h("button", { type: "button", className: `picture ${className}`, aria: { label: `Open ${name}` }, onclick: () => lightbox([file], 0) },
    h("img", { loading: "lazy", src: item.url, alt: item.description ?? "", width: item.width, height: item.height, decoding: "async" }));
}
