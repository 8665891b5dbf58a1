/* Chooses dark or light before the first paint. Loaded blocking in the head, so that no page
 * flashes; the cookie lets the server send the right attribute at once the next time. */
(() => {
  "use strict";
  const root = document.documentElement;
  const prefersLight = window.matchMedia("(prefers-color-scheme: light)");
  const CHOICES = ["auto", "dark", "light"];

  function stored() {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // Storage can be switched off: the cookie is enough.
    }
  }

  function chosen() {
    const kept = stored();
    if (CHOICES.includes(kept)) return kept;
    const sent = root.dataset.themeChoice;
    return CHOICES.includes(sent) ? sent : "auto";
  }

  function apply(choice) {
    const light = choice === "light" || (choice === "auto" && prefersLight.matches);
    root.dataset.bsTheme = light ? "light" : "dark";
    root.dataset.themeChoice = choice;
    for (const button of document.querySelectorAll("[data-theme-set]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeSet === choice));
    }
    document.dispatchEvent(new CustomEvent("themechange"));
  }

  function keep(choice) {
    try {
      localStorage.setItem("theme", choice);
    } catch {
      // The cookie below still keeps it.
    }
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${choice}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  }

  // The zone of this browser, for a first sign-in: the account keeps it, and it can be changed there.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `zone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax`;

  root.classList.add("has-js");
  apply(chosen());
  prefersLight.addEventListener("change", () => apply(chosen()));
  window.addEventListener("storage", (event) => event.key === "theme" && apply(chosen()));
  document.addEventListener("DOMContentLoaded", () => apply(chosen()));
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-theme-set]");
    if (!button) return;
    keep(button.dataset.themeSet);
    apply(button.dataset.themeSet);
  });
})();
