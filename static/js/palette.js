/* The command palette: Ctrl-K or the search link opens it, words narrow it, arrows choose. Without
 * scripts the link leads to the search page, which finds the same. */

let dialog = null;
let asked = null;

function build(link) {
  dialog = document.createElement("dialog");
  dialog.className = "dialog palette";
  dialog.setAttribute("aria-label", link.dataset.label);
  const input = document.createElement("input");
  input.type = "search";
  input.className = "form-control palette-input";
  input.placeholder = link.dataset.placeholder;
  input.setAttribute("aria-label", link.dataset.label);
  input.autocomplete = "off";
  input.spellcheck = false;
  const results = document.createElement("div");
  results.className = "palette-results";
  results.setAttribute("role", "status");
  dialog.append(input, results);
  document.body.append(dialog);
  let waiting = 0;
  input.addEventListener("input", () => {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => load(link, input.value, results), 120);
  });
  dialog.addEventListener("keydown", (event) => choose(event, input));
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}

async function load(link, words, results) {
  asked?.abort();
  asked = new AbortController();
  try {
    const answer = await fetch(`${link.dataset.palette}?q=${encodeURIComponent(words)}`, {
      headers: { "HX-Request": "true" },
      signal: asked.signal,
    });
    if (answer.headers.get("HX-Refresh")) return window.location.reload();
    if (answer.ok) results.innerHTML = await answer.text();
  } catch (error) {
    if (error.name !== "AbortError") window.location.assign(link.href);
  }
  return undefined;
}

function choose(event, input) {
  const hits = [...dialog.querySelectorAll("[data-palette-hit]")];
  const at = hits.indexOf(document.activeElement);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const next = event.key === "ArrowDown" ? at + 1 : at - 1;
    (hits[next] || (next < 0 ? input : hits[hits.length - 1]))?.focus();
  } else if (event.key === "Enter" && event.target === input) {
    event.preventDefault();
    hits[0]?.click();
  }
}

function open(link) {
  if (!dialog) build(link);
  if (dialog.open) return;
  dialog.showModal();
  const input = dialog.querySelector("input");
  input.select();
  load(link, input.value, dialog.querySelector(".palette-results"));
}

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
  const link = document.querySelector("[data-palette]");
  if (!link) return;
  event.preventDefault();
  open(link);
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-palette]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  open(link);
});
