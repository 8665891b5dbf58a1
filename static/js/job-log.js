/* The log of a job: follows it live, loads earlier and later lines, searches all of it on the
 * server, and finds the line that the address names. */
import { LiveEnd } from "./log/live.js";
import { LogSearch } from "./log/search.js";
import { fetchLines } from "./log/stream.js";
import { bindTools } from "./log/tools.js";
import { LogWindow } from "./log/window.js";

const LIMIT = 3000;
const PAGE = 500;

class JobLog {
  constructor(panel) {
    const view = panel.querySelector("[data-job-log]");
    this.url = view.dataset.logsUrl;
    this.latest = Number(view.dataset.after);
    this.ended = view.dataset.done === "true";
    this.window = new LogWindow(view, view.querySelector("ol"), LIMIT);
    this.search = new LogSearch();
    this.tools = bindTools(panel, this);
    this.question = 0; // Counts what was asked for: an answer to an older question is dropped.
    this.following = !this.ended;
    const { eventsUrl: events, jobUrl: job } = view.dataset;
    this.live = new LiveEnd(this, LIMIT, { events, job, lines: this.url });
    if (!this.ended) this.live.open();
    this.update(this.ended ? "ended" : "waiting");
    // What ended badly, and what is longer than the page, is looked at from its end.
    const fromEnd = this.following || this.window.first > 1 || "atEnd" in view.dataset;
    if (!this.goToHash() && fromEnd) this.window.scrollToEnd();
    window.addEventListener("hashchange", () => this.goToHash());
  }

  get isBehind() {
    return this.search.isOn ? !this.search.caughtUp : this.window.last < this.latest;
  }

  update(link) {
    if (link) this.link = link;
    const { search, window: shown } = this;
    this.tools.show({
      link: this.link,
      following: this.following,
      lines: this.latest,
      earlier: !search.isOn && shown.first > 1,
      later: this.isBehind && !this.following,
      matches: search.isOn ? shown.count : null,
      searched: search.isOn && !search.caughtUp ? search.cursor : 0,
      empty: shown.count === 0,
    });
  }

  /** Ask for lines; null where the answer failed or came too late. */
  async ask(query) {
    const question = this.question;
    try {
      const page = await fetchLines(this.url, { ...query, ...this.search.query });
      return question === this.question ? page : null;
    } catch {
      this.update("waiting");
      return null;
    }
  }

  /** Run something that asks, unless another one is still at it. */
  async once(work) {
    if (this.busy) return;
    this.busy = true;
    try {
      await work();
    } finally {
      this.busy = false;
      this.update();
    }
  }

  loadEarlier() {
    const first = this.window.first;
    if (first <= 1 || this.search.isOn) return undefined;
    return this.once(async () => {
      const limit = Math.min(PAGE, first - 1);
      const page = await this.ask({ after: first - 1 - limit, limit });
      if (!page || this.window.first !== first) return;
      if (this.window.prepend(page.lines)) this.following = false;
    });
  }

  loadLater() {
    return this.once(async () => {
      if (this.search.isOn) return this.searchOn();
      const page = await this.ask({ after: this.window.last, limit: PAGE });
      if (page) this.window.append(page.lines);
      return undefined;
    });
  }

  /** Replace what is shown by the lines that follow a cursor. */
  async replace(after) {
    this.question += 1;
    const page = await this.ask({ after: Math.max(0, after), limit: PAGE });
    if (!page) return;
    this.window.clear();
    this.window.append(page.lines);
  }

  async setFollowing(wanted) {
    this.following = wanted;
    if (wanted && this.search.isOn) {
      this.endSearch();
      this.window.clear();
    }
    if (wanted) await this.live.catchUp();
    if (wanted) this.window.scrollToEnd();
    this.update();
  }

  async setFilter(level, text) {
    this.question += 1;
    this.search.begin(level, text);
    this.following = false;
    if (this.search.isOn) {
      this.window.clear();
      await this.searchOn();
    } else {
      await this.replace(this.latest - PAGE);
      this.window.scrollToEnd();
    }
    this.update();
  }

  searchOn() {
    const found = (lines) => {
      this.window.append(lines);
      this.update();
    };
    return this.search.more((query) => this.ask(query), found, () => this.latest);
  }

  endSearch() {
    this.question += 1;
    this.search.clear();
    this.tools.reset();
  }

  /** Show the line that the address names; says whether it names one. */
  goToHash() {
    const number = Number(/^#L(\d{1,12})$/.exec(location.hash)?.[1] || 0);
    if (number) this.goTo(number);
    return Boolean(number);
  }

  async goTo(number) {
    this.following = false;
    const wasFiltered = this.search.isOn;
    if (wasFiltered) this.endSearch();
    if (wasFiltered || !this.window.find(number)) await this.replace(number - PAGE / 2);
    const node = this.window.find(number);
    if (node) this.window.show(node);
    this.update();
  }
}

for (const panel of document.querySelectorAll("[data-job-log-panel]")) new JobLog(panel);
