/* A search through the whole log, which the server does: how far it came, what it takes. */

const LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];
const ENOUGH = 1000;

export class LogSearch {
  constructor() {
    this.clear();
  }

  get isOn() {
    return Boolean(this.level || this.text);
  }

  get query() {
    const wanted = {};
    if (this.level) wanted.level = this.level;
    if (this.text) wanted.search = this.text;
    return wanted;
  }

  clear() {
    this.begin("", "");
  }

  begin(level, text) {
    this.level = level;
    this.text = text;
    this.cursor = 0;
    this.caughtUp = !this.isOn;
  }

  /** Whether a line that came in live is one of those that are looked for, and new. */
  takes(line) {
    if (!this.caughtUp || line.number <= this.cursor) return false;
    const grave = LEVELS.indexOf(line.level) >= LEVELS.indexOf(this.level || "DEBUG");
    return grave && line.text.toLowerCase().includes(this.text.toLowerCase());
  }

  /** Go on from where the search stopped, page by page, until enough was found. */
  async more(ask, found, latest) {
    let count = 0;
    while (count < ENOUGH && !this.caughtUp) {
      const page = await ask({ after: this.cursor, limit: ENOUGH });
      if (!page) return;
      count += page.lines.length;
      const stands = page.next_after === this.cursor;
      this.cursor = page.next_after;
      this.caughtUp = page.done || stands || this.cursor >= latest();
      found(page.lines);
    }
  }
}
