/* Times: relative ones kept current, exact ones put into the reader's time zone. */

const language = document.documentElement.lang || undefined;
// The zone of the account; without one, that of the browser.
const timeZone = document.documentElement.dataset.zone || undefined;
const parts = new Intl.DateTimeFormat("en-GB", {
  timeZone,
  year: "numeric", month: "2-digit", day: "2-digit",
  hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false, timeZoneName: "short",
});
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "narrow" });
const STEPS = [
  ["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60],
  ["second", 1],
];

/** A time in full, year first as the server writes it, in the reader's zone. */
export function exactText(when) {
  const part = Object.fromEntries(parts.formatToParts(when).map(({ type, value }) => [type, value]));
  const day = `${part.year}-${part.month}-${part.day}`;
  return `${day} ${part.hour}:${part.minute}:${part.second} ${part.timeZoneName}`;
}

function relativeText(when) {
  const seconds = Math.round((when - Date.now()) / 1000);
  const size = Math.abs(seconds);
  const [unit, length] = STEPS.find(([, step]) => size >= step) || STEPS[STEPS.length - 1];
  if (size < 5) return relative.format(0, "second");
  return relative.format(Math.trunc(seconds / length), unit);
}

/** Bring every time in `root` up to date; also for parts that were swapped in. */
export function refreshTimes(root) {
  const scope = root instanceof Element ? root : document;
  for (const node of scope.querySelectorAll("time[data-relative], time[data-exact]")) {
    const when = new Date(node.dateTime);
    if (Number.isNaN(when.valueOf())) continue;
    const text = exactText(when);
    if (node.dataset.exact !== undefined) {
      if (node.textContent !== text) node.textContent = text;
      continue;
    }
    if (node.title !== text) node.title = text;
    const current = relativeText(when);
    if (node.textContent !== current) node.textContent = current;
  }
}

/** Keep times current while the page is looked at. */
export function startTimes() {
  refreshTimes(document);
  window.setInterval(() => document.hidden || refreshTimes(document), 10000);
  document.addEventListener("visibilitychange", () => document.hidden || refreshTimes(document));
}
