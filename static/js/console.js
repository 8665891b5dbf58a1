/* What every page does: menus that close, passwords that show, lists that filter, questions
 * before acts that cannot be undone, copying, and times that stay current. */
import { confirmSubmit } from "./confirm.js";
import { refreshTimes, startTimes } from "./times.js";

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (menu !== except) menu.open = false;
  }
}

document.addEventListener("click", (event) => {
  closeMenus(event.target.closest("details[data-menu]"));
  const reveal = event.target.closest("[data-reveal]");
  if (reveal) revealSecret(reveal);
  const copy = event.target.closest("[data-copy],[data-copy-from],[data-copy-next]");
  if (copy) copyText(copy);
  const closer = event.target.closest("[data-close-dialog]");
  if (closer) closer.closest("dialog")?.close();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const menu = event.target.closest?.("details[data-menu][open]");
    closeMenus(null);
    menu?.querySelector("summary")?.focus();
  }
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const search = document.querySelector("main input[type=search]");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  }
});

function revealSecret(button) {
  const input = document.getElementById(button.dataset.reveal);
  if (!input) return;
  const shown = input.type === "password";
  input.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
}

async function copyText(button) {
  const source = button.dataset.copyNext === undefined
    ? button.dataset.copyFrom && document.querySelector(button.dataset.copyFrom)
    : button.closest(".pre-box")?.querySelector("pre");
  const text = source ? source.value ?? source.textContent : button.dataset.copy;
  const done = await writeClipboard(text ?? "");
  button.classList.toggle("is-done", done);
  button.classList.toggle("is-failed", !done);
  announce(done ? button.dataset.copied || "Copied" : "Select the text and copy it by hand");
  window.setTimeout(() => button.classList.remove("is-done", "is-failed"), 1600);
}

async function writeClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Plain HTTP on a host name has no clipboard API: the old way still works there.
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/** Say something to people who listen instead of look. */
export function announce(text) {
  let region = document.getElementById("announcer");
  if (!region) {
    region = document.createElement("div");
    region.id = "announcer";
    region.className = "visually-hidden";
    region.setAttribute("role", "status");
    document.body.append(region);
  }
  region.textContent = text;
}

// A select that reloads its form at once; without scripts its button does it.
document.addEventListener("change", (event) => {
  const control = event.target.closest?.("[data-submit-on-change]");
  if (control?.form) control.form.requestSubmit();
});

document.addEventListener("change", (event) => {
  const all = event.target.closest?.("[data-check-all]");
  if (!all) return;
  for (const box of document.querySelectorAll(all.dataset.checkAll)) box.checked = all.checked;
});

// A form sent twice is a job run twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (confirmSubmit(event)) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  window.setTimeout(() => delete form.dataset.sent, 5000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

document.addEventListener("htmx:afterSettle", refreshTimes);
startTimes();
