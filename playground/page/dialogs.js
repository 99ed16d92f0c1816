/* Dialogs: those that bots open, filled in by hand, and the page's own small ones. */

import { Refused, Unreachable, server } from "./api.js";
import { bytes, fill, h, icon } from "./dom.js";
import { markdown } from "./markdown.js";

/** Open a bot's dialog. `send(values, files)` gives the settled interaction. */
export function openModal(modal, application, names, send) {
  const fields = [];
  const problem = h("p", { className: "failed", role: "alert", hidden: true });
  const submit = h("button", { type: "submit", className: "button primary" }, "Submit");
  const form = h("form", { className: "modal-form", method: "dialog", noValidate: true, onsubmit: (event) => { event.preventDefault(); go(); } },
    h("div", { className: "modal-fields" }, modal.components.map((part) => row(part, fields, names))),
    problem,
    h("div", { className: "modal-end" },
      h("button", { type: "button", className: "button secondary", onclick: () => dialog.close() }, "Cancel"), submit));
  const dialog = h("dialog", { className: "modal", aria: { labelledby: "modal-title" } },
    h("header", {}, h("img", { src: "/page/icon.svg", alt: "", width: 28, height: 28 }), h("h2", { id: "modal-title" }, modal.title),
      h("button", { type: "button", className: "plain", aria: { label: "Close" }, onclick: () => dialog.close() }, icon("close", 22))),
    h("p", { className: "modal-who" }, `${application} will read what you fill in. Never write passwords here.`),
    form);
  dialog.addEventListener("close", () => dialog.remove());

  async function go() {
    problem.hidden = true;
    const wrong = [...form.elements].find((field) => !field.checkValidity());
    if (wrong) {
      fail(`${wrong.labels[0]?.firstChild.textContent ?? "This"}: ${wrong.validationMessage}`);
      wrong.focus();
      return;
    }
    submit.disabled = true;
    const values = {};
    const files = [];
    for (const field of fields) {
      const given = field.read();
      values[field.id] = field.files ? given.map((file) => ({ file: files.push(file) - 1 })) : given;
    }
    try {
      const used = await send(values, files);
      if (used.status === "answered") { dialog.close(); return; }
      fail("Something went wrong: the application did not respond. Try again.");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      fail(error.message);
      if (error instanceof Unreachable) server.addEventListener("answer", () => { problem.hidden = true; }, { once: true });
    }
    submit.disabled = false;
  }

  function fail(text) {
    problem.textContent = text;
    problem.hidden = false;
  }

  document.body.append(dialog);
  dialog.showModal();
  const first = form.querySelector("input, textarea, select");
  first?.focus();
  if (first?.select && first.tagName === "TEXTAREA") first.setSelectionRange(first.value.length, first.value.length);
}

function row(part, fields, names) {
  if (part.type === 1) return part.components.map((field) => labelled(field, field.label, null, fields));
  if (part.type === 18) return labelled(part.component, part.label, part.description, fields);
  if (part.type === 10) return h("div", { className: "content" }, markdown(part.content, names));
  return null;
}

let count = 0;

function labelled(field, label, description, fields) {
  count += 1;
  const id = `field-${count}`;
  const made = control(field, id);
  fields.push({ id: field.custom_id, ...made });
  const required = field.required !== false;
  return h("div", { className: "field" },
    h(made.group ? "span" : "label", { className: "label", id: `${id}-label`, htmlFor: made.group ? undefined : id }, label,
      required && h("span", { className: "star", aria: { hidden: "true" } }, " *")),
    description && h("small", {}, description),
    made.node);
}

function control(field, id) {
  switch (field.type) {
    case 4: return textField(field, id);
    case 19: return fileField(field, id);
    case 21: return choiceField(field, id, "radio");
    case 22: return choiceField(field, id, "checkbox");
    case 23: return checkField(field, id);
    default: return field.max_values > 1 ? choiceField(field, id, "checkbox") : selectField(field, id);
  }
}

function textField(field, id) {
  const long = field.style === 2;
  const input = h(long ? "textarea" : "input", {
    id, value: field.value ?? "", placeholder: field.placeholder ?? "", required: field.required !== false,
    rows: long ? 5 : undefined, maxLength: field.max_length ?? 4000, minLength: field.min_length ?? undefined,
  });
  if (!long) {
    input.type = "text";
    return { node: input, read: () => input.value };
  }
  const left = h("span", { className: "left" });
  const tell = () => { left.textContent = `${input.value.length} / ${field.max_length ?? 4000}`; };
  input.addEventListener("input", tell);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) input.form.requestSubmit();
  });
  tell();
  return { node: h("div", { className: "long" }, input, left), read: () => input.value };
}

function selectField(field, id) {
  const input = h("select", { id, required: field.required !== false },
    h("option", { value: "" }, field.placeholder ?? "Choose…"),
    (field.options ?? []).map((option) => h("option", { value: option.value, selected: option.default },
      [option.emoji?.name, option.label].filter(Boolean).join(" "))));
  return { node: input, read: () => (input.value ? [input.value] : []) };
}

function choiceField(field, id, type) {
  const inputs = (field.options ?? []).map((option) => {
    const input = h("input", { type, name: id, value: option.value, checked: option.default });
    return { input, node: h("label", { className: "choice" }, input, h("span", {}, [option.emoji?.name, option.label].filter(Boolean).join(" "), option.description && h("small", {}, option.description))) };
  });
  const node = h("div", { role: type === "radio" ? "radiogroup" : "group", aria: { labelledby: `${id}-label` } }, inputs.map((each) => each.node));
  return { node, group: true, read: () => inputs.filter((each) => each.input.checked).map((each) => each.input.value) };
}

function checkField(field, id) {
  const input = h("input", { type: "checkbox", id, checked: field.default });
  return { node: input, read: () => input.checked };
}

function fileField(field, id) {
  const input = h("input", { type: "file", id, multiple: (field.max_values ?? 1) > 1 });
  return { node: input, files: true, read: () => [...input.files] };
}

/** Ask for a new person's name; calls `add(name)`. */
export function askName(add) {
  const input = h("input", { type: "text", id: "new-name", required: true, maxLength: 24, pattern: "[A-Za-z][A-Za-z0-9_.]*", autocomplete: "off" });
  const problem = h("p", { className: "failed", role: "alert", hidden: true });
  const dialog = h("dialog", { className: "modal small", aria: { labelledby: "ask-title" } },
    h("header", {}, h("h2", { id: "ask-title" }, "Who joins?")),
    h("form", { className: "modal-form", onsubmit: async (event) => {
      event.preventDefault();
      try {
        await add(input.value.trim());
        dialog.close();
      } catch (error) {
        problem.textContent = error.message;
        problem.hidden = false;
      }
    } },
    h("div", { className: "field" }, h("label", { className: "label", htmlFor: "new-name" }, "Name"), input),
    problem,
    h("div", { className: "modal-end" },
      h("button", { type: "button", className: "button secondary", onclick: () => dialog.close() }, "Cancel"),
      h("button", { type: "submit", className: "button primary" }, "Join"))));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** A file about to be sent: its picture or name, its size, and how to take it back. */
export function fileTile(file, remove) {
  const face = h("div", { className: "tile-face" });
  if (file.type.startsWith("image/")) {
    const url = URL.createObjectURL(file);
    fill(face, h("img", { src: url, alt: "", onload: () => URL.revokeObjectURL(url) }));
  } else {
    fill(face, icon("file", 30));
  }
  return h("div", { className: "tile" }, face,
    h("span", { className: "tile-name", title: file.name }, file.name), h("small", {}, bytes(file.size)),
    h("button", { type: "button", className: "tile-remove", aria: { label: `Remove ${file.name}` }, onclick: remove }, icon("close", 16)));
}
