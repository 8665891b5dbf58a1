/* The live end of a log: takes what streams in, and hands it on a frame at a time. */
import { LogStream } from "./stream.js";

const PAGE = 1000;

const tell = (name) => document.body.dispatchEvent(new CustomEvent(name));

export class LiveEnd {
  constructor(log, limit) {
    this.log = log;
    this.limit = limit;
    this.waiting = [];
  }

  open(url) {
    const { log } = this;
    const stream = new LogStream(url, log.url, log.latest, {
      lines: (lines) => this.take(lines),
      state: () => tell("job-changed"),
      progress: () => tell("job-progress"),
      link: (link) => log.update(link),
      done: () => this.end("ended"),
      gone: () => this.end("gone"),
    });
    stream.start();
    window.addEventListener("pagehide", () => stream.stop());
    // A page that comes back from the browser's memory has missed what came since.
    window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());
  }

  end(link) {
    this.log.ended = true;
    this.flush();
    this.log.following = false;
    this.log.update(link);
    tell("job-changed");
  }

  /** Lines came in: kept for the next frame, so that a flood costs one change a frame. */
  take(lines) {
    if (!lines.length) return;
    this.log.latest = lines[lines.length - 1].number;
    this.waiting.push(...lines);
    // A page that is not looked at has no frames: it must not keep a million lines.
    if (this.waiting.length > this.limit) this.flush();
    else if (!this.frame) this.frame = window.requestAnimationFrame(() => this.flush());
  }

  flush() {
    const { log } = this;
    window.cancelAnimationFrame(this.frame);
    this.frame = 0;
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
