import { el, selectedOnFocus } from "../dom.js";
import { icon } from "../icons.js";
import { createQrCode } from "./qr-code.js";
import { followLink, leadLink, spelled, tidy } from "./role.js";

const LOCAL = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Begins a class or joins one; and of a class that is led, the links.
 *
 * @param {{onBegin(): Promise<void>, onJoin(code: string): void, onEnd(): void, page?: string}} options `page`: the address
 *   of the instrument, where this page is another
 */
export function createDialog({ onBegin, onJoin, onEnd, page = "" }) {
  const content = el("div", { class: "class-content" });
  const dialog = el(
    "dialog",
    { class: "help class-dialog", "aria-label": "Present" },
    content,
    el(
      "button",
      { class: "quiet", type: "button", "aria-label": "Close", on: { click: () => dialog.close() } },
      icon("close"),
    ),
  );

  /** @param {string} label @param {string} link */
  function linkField(label, link) {
    const field = el("input", { type: "text", readonly: true, value: link });
    selectedOnFocus(field);
    const said = el("span", { class: "hint", role: "status" });
    const copy = el(
      "button",
      {
        class: "action",
        type: "button",
        on: {
          async click() {
            try {
              await navigator.clipboard.writeText(link);
              said.textContent = "Copied.";
            } catch {
              field.focus();
              said.textContent = "Selected: press Ctrl C to copy it.";
            }
          },
        },
      },
      icon("copy"),
      el("span", { text: "Copy" }),
    );
    return el("div", { class: "class-link" }, el("label", {}, el("span", { text: label }), field), copy, said);
  }

  function offer() {
    const problem = el("p", { class: "class-problem", role: "alert" });
    const begin = el("button", { class: "lesson-main", type: "button", text: "Start presenting" });
    begin.addEventListener("click", async () => {
      begin.disabled = true;
      try {
        await onBegin();
      } catch (error) {
        problem.textContent = error instanceof Error ? error.message : String(error);
      }
      begin.disabled = false;
    });
    const code = el("input", { type: "text", name: "code", autocomplete: "off", spellcheck: "false", required: true });
    content.replaceChildren(
      el("h2", { text: "Present to a class" }),
      el("p", {
        text:
          "Others open your link, and their screens go where yours goes: the lesson and its card, the model, every slider. " +
          "Only you lead. Nobody signs in, and nothing is kept of who predicted what.",
      }),
      begin,
      problem,
      el("h2", { text: "Join a class" }),
      el(
        "form",
        {
          class: "class-join",
          on: {
            /** @param {SubmitEvent} event */
            submit(event) {
              event.preventDefault();
              if (!tidy(code.value)) return;
              dialog.close();
              onJoin(tidy(code.value));
            },
          },
        },
        el("label", {}, el("span", { text: "Code" }), code),
        el("button", { class: "action", type: "submit", text: "Follow" }),
      ),
    );
  }

  /** @param {import("./api.js").Leading} leading */
  function show(leading) {
    const link = followLink(page || location.href, leading.code);
    content.replaceChildren(
      el("h2", { text: "Your class opens this" }),
      createQrCode(link, "QR code of the link"),
      el("p", { class: "class-code" }, "Code ", el("strong", { text: spelled(leading.code) })),
      linkField("Link for your class", link),
      ...(LOCAL.has(location.hostname)
        ? [
            el("p", {
              class: "class-problem",
              text:
                "This page was opened as localhost, which on every other device means that device: open it by the name or the " +
                "address of this machine, and others can follow the link.",
            }),
          ]
        : []),
      el(
        "details",
        {},
        el("summary", { text: "Lead from another device too" }),
        el("p", { class: "hint", text: "Whoever has this link leads the class: keep it to yourself." }),
        linkField("Your own link", leadLink(page || location.href, leading)),
      ),
      el("button", {
        class: "action",
        type: "button",
        text: "End the class",
        on: {
          click() {
            dialog.close();
            onEnd();
          },
        },
      }),
    );
  }

  return {
    element: dialog,
    /** @param {import("./api.js").Leading | null} leading what this screen leads, if it does */
    open(leading) {
      if (leading) show(leading);
      else offer();
      if (!dialog.open) dialog.showModal();
    },
  };
}
