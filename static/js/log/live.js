/* The live end of a log: takes what streams in, and hands it on some times a second. */
import { LogStream, fetchJson } from "./stream.js";

const PAGE = 1000;
const FLUSH_MS = 100;
const LAG_MS = 4000;

const tell = (name) => document.body.dispatchEvent(new CustomEvent(name));

export class LiveEnd {
  constructor(log, limit, addresses) {
    this.log = log;
    this.limit = limit;
    this.addresses = addresses;
    this.waiting = [];
    this.state = "";
    this.asked = 0;
    window.addEventListener("pagehide", () => this.stream?.stop());
    // A page that comes back from the browser's memory has missed what came since.
    window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());
  }

  open() {
    const { log } = this;
    const { events, lines } = this.addresses;
    this.stream = new LogStream(events, lines, log.latest, {
      lines: (found) => this.take(found),
      state: (now) => this.changed(now),
      progress: () => tell("job-progress"),
      link: (link) => log.update(link),
      done: () => this.end("ended"),
      gone: () => this.end("gone"),
    });
    this.stream.start();
  }

  /** The state is told with how long the job runs: only what the page does not show is news. */
  changed({ state, reason, attempt }) {
    const now = JSON.stringify([state, reason, attempt]);
    const shown = document.querySelector("[data-job-state]")?.dataset.jobState;
    if (state !== shown || (this.state && now !== this.state)) tell("job-changed");
    this.state = now;
  }

  end(link) {
    this.log.ended = true;
    this.flush();
    this.log.following = false;
    this.log.update(link);
    tell("job-changed");
  }

  /** Lines came in: kept for a moment, so that a flood costs ten changes a second. */
  take(lines) {
    if (!lines.length) return;
    this.log.latest = lines[lines.length - 1].number;
    this.waiting.push(...lines);
    // A hidden page has slow clocks: it must not keep a million lines.
    if (this.waiting.length > this.limit) this.flush();
    else if (!this.timer) this.timer = window.setTimeout(() => this.flush(), FLUSH_MS);
    const age = Date.now() - Date.parse(lines[lines.length - 1].time);
    if (age > LAG_MS && this.log.following && Date.now() - this.asked > LAG_MS) this.skip();
  }

  /** Whoever follows wants the newest lines: go to them where the stream has fallen behind. */
  async skip() {
    this.asked = Date.now();
    const { log } = this;
    const job = await fetchJson(this.addresses.job).catch(() => null);
    const behind = (job?.log?.lines ?? 0) - log.latest;
    if (behind <= this.limit || !log.following || log.ended) return;
    this.stream.stop();
    this.waiting = [];
    log.latest = job.log.lines - PAGE;
    log.window.clear();
    this.open();
  }

  flush() {
    const { log } = this;
    window.clearTimeout(this.timer);
    this.timer = 0;
    const lines = this.waiting.splice(0);
    if (log.search.isOn) {
      log.window.append(lines.filter((line) => log.search.takes(line)));
    } else {
      const fresh = lines.filter((line) => line.number > log.window.last);
      const fits = !log.window.count || fresh[0]?.number === log.window.last + 1;
      if (fresh.length && log.following) this.follow(fresh, fits);
      // Somebody reads: add below only as long as nothing has to go above.
      else if (fresh.length && fits) log.window.append(fresh.slice(0, log.window.room));
    }
    log.update();
  }

  follow(lines, fits) {
    if (fits || lines.length >= this.limit) this.log.window.append(lines);
    else this.catchUp();
    this.log.window.scrollToEnd();
  }

  /** Bring what is shown to the end of the log, and stay there. */
  catchUp() {
    const { log } = this;
    return log.once(async () => {
      while (log.following && log.window.last < log.latest) {
        const far = log.latest - log.window.last > this.limit;
        if (far) log.window.clear();
        const after = far ? log.latest - PAGE : log.window.last;
        const page = await log.ask({ after, limit: PAGE });
        if (!page?.lines.length) return;
        log.window.append(page.lines);
        log.window.scrollToEnd();
      }
    });
  }
}
