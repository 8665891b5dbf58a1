/* Lines of a job as they come: server-sent events read with fetch, because EventSource cannot
 * say where to start; where streams are not to be had, pages of lines, asked for every other
 * second. One cursor for both: nothing is missed and nothing comes twice. */

const POLL_MS = 2000;
const PAGE = 1000;
const POLLS_BEFORE_STREAM = 15;

const pause = (milliseconds) => new Promise((resolve) => window.setTimeout(resolve, milliseconds));

function parseEvent(block) {
  const event = { name: "message", id: "", data: [] };
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const value = line.slice(colon + 1).replace(/^ /, "");
    const field = line.slice(0, colon);
    if (field === "event") event.name = value;
    else if (field === "id") event.id = value;
    else if (field === "data") event.data.push(value);
  }
  return event;
}

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    waiting += value.replaceAll("\r\n", "\n");
    const blocks = waiting.split("\n\n");
    waiting = blocks.pop();
    for (const block of blocks) yield parseEvent(block);
  }
}

export class LogStream {
  /** `heard` is told of: lines(list), state(object), progress(object), link(name), done(). */
  constructor(eventsUrl, logsUrl, after, heard) {
    this.eventsUrl = eventsUrl;
    this.logsUrl = logsUrl;
    this.after = after;
    this.heard = heard;
    this.stopped = false;
  }

  stop() {
    this.stopped = true;
    this.abort?.abort();
  }

  async start() {
    for (let failures = 0; !this.stopped; ) {
      const outcome = await this.follow();
      if (this.stopped) return;
      if (outcome === "done" || outcome === "gone") return this.heard[outcome]();
      failures = outcome === "ended" ? 0 : failures + 1;
      this.heard.link("waiting");
      if (outcome === "refused" || failures > 2) {
        const end = await this.poll();
        if (end || this.stopped) return end && this.heard[end]();
      } else {
        await pause(Math.min(500 * 2 ** failures, 8000));
      }
    }
    return undefined;
  }

  /** Read the stream to its end; says how it ended. */
  async follow() {
    this.abort = new AbortController();
    try {
      const response = await fetch(this.eventsUrl, {
        headers: { Accept: "text/event-stream", "Last-Event-ID": String(this.after) },
        signal: this.abort.signal,
        cache: "no-store",
      });
      if (response.status === 204) return "done";
      if ([401, 403, 404].includes(response.status)) return "gone";
      if (!response.ok || !response.body) return "refused";
      this.heard.link("live");
      for await (const event of events(response.body)) {
        if (this.take(event)) return "done";
      }
      return "ended";
    } catch {
      return "failed"; // The network went away, or the page does.
    }
  }

  take(event) {
    const data = event.data.length ? JSON.parse(event.data.join("\n")) : null;
    if (event.name === "log") {
      this.after = Number(event.id) || this.after;
      this.heard.lines(data.lines);
    } else if (event.name === "state") this.heard.state(data);
    else if (event.name === "progress") this.heard.progress(data);
    return event.name === "done";
  }

  /** Ask for pages for a while; returns "done" or "gone" at an end, nothing to stream again. */
  async poll() {
    for (let turn = 0; turn < POLLS_BEFORE_STREAM && !this.stopped; turn += 1) {
      try {
        const page = await fetchLines(this.logsUrl, { after: this.after, limit: PAGE });
        this.heard.link("polling");
        this.after = page.next_after;
        this.heard.lines(page.lines);
        if (page.done) return "done";
        if (page.lines.length === PAGE) continue;
      } catch (error) {
        if ([401, 403, 404].includes(error.status)) return "gone";
        this.heard.link("waiting");
      }
      await pause(POLL_MS);
    }
    return "";
  }
}

/** A page of the log: after, limit, and level and search to filter by. */
export function fetchLines(url, query) {
  return fetchJson(`${url}?${new URLSearchParams(query)}`);
}

export async function fetchJson(url) {
  const response = await fetch(url, { headers: { Accept: "application/json" } });
  if (!response.ok) throw Object.assign(new Error(response.statusText), { status: response.status });
  return response.json();
}
