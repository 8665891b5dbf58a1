/* The part of a log that is in the page: a run of lines that grows at both ends and is cut at
 * the other, so that a million lines cost no more than some thousands. */
import { fillText } from "./ansi.js";

const clock = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hour12: false,
});

function lineNode(line) {
  const node = document.createElement("li");
  const level = String(line.level).toLowerCase();
  node.className = `log-line log-${level.replace(/[^a-z]/g, "")}`;
  node.id = `L${line.number}`;
  const number = document.createElement("a");
  number.className = "log-number";
  number.href = `#L${line.number}`;
  number.textContent = line.number;
  const time = document.createElement("time");
  time.className = "log-time";
  time.dateTime = line.time;
  setClock(time);
  const name = document.createElement("span");
  name.className = "log-level";
  name.textContent = line.level;
  const text = document.createElement("span");
  text.className = "log-text";
  fillText(text, String(line.text));
  node.append(number, time, name, text);
  return node;
}

function setClock(time) {
  const when = new Date(time.dateTime);
  if (Number.isNaN(when.valueOf())) return;
  time.textContent = clock.format(when);
  time.title = when.toLocaleString();
}

export class LogWindow {
  constructor(scroller, list, limit) {
    this.scroller = scroller;
    this.list = list;
    this.limit = limit;
    for (const time of list.querySelectorAll(".log-time")) setClock(time);
  }

  get count() {
    return this.list.childElementCount;
  }

  get first() {
    return Number(this.list.firstElementChild?.id.slice(1) || 0);
  }

  get last() {
    return Number(this.list.lastElementChild?.id.slice(1) || 0);
  }

  /** How many lines more fit. */
  get room() {
    return Math.max(0, this.limit - this.count);
  }

  get atEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < 48;
  }

  find(number) {
    const node = document.getElementById(`L${number}`);
    return node && this.list.contains(node) ? node : null;
  }

  clear() {
    this.list.replaceChildren();
  }

  /** Add lines at the end, and let go of those at the start that are too many. */
  append(lines) {
    this.list.append(...lines.slice(-this.limit).map(lineNode));
    const surplus = this.count - this.limit;
    if (surplus <= 0) return;
    this.keepingPlace(() => this.cut(surplus, "firstElementChild"));
  }

  /** Add lines at the start, and let go of those at the end; returns whether any were. */
  prepend(lines) {
    this.keepingPlace(() => this.list.prepend(...lines.map(lineNode)));
    const surplus = this.count - this.limit;
    if (surplus > 0) this.cut(surplus, "lastElementChild");
    return surplus > 0;
  }

  cut(number, end) {
    for (let left = number; left > 0; left -= 1) this.list[end].remove();
  }

  /** Change what is above without moving what is being read. */
  keepingPlace(change) {
    const before = this.scroller.scrollHeight;
    const place = this.scroller.scrollTop;
    change();
    this.scroller.scrollTop = Math.max(0, place + this.scroller.scrollHeight - before);
  }

  scrollToEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** Show one line in the middle and mark it. */
  show(node) {
    this.list.querySelector(".is-target")?.classList.remove("is-target");
    node.classList.add("is-target");
    const middle = node.offsetTop - this.scroller.clientHeight / 2;
    this.scroller.scrollTop = Math.max(0, middle);
    this.scroller.scrollIntoView({ block: "nearest" });
  }
}
