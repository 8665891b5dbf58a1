/* The controls around a log: search, level, follow, wrap, times; and what stands at its ends. */

function stored(name, otherwise) {
  try {
    return localStorage.getItem(name) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function store(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Without storage the choice holds for this page alone.
  }
}

function bindToggle(panel, name, className, otherwise) {
  const button = panel.querySelector(`[data-log-${name}]`);
  const apply = (on) => {
    button.setAttribute("aria-pressed", String(on));
    panel.classList.toggle(className, on);
  };
  apply(stored(`log-${name}`, otherwise) === "yes");
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    store(`log-${name}`, on ? "yes" : "no");
    apply(on);
  });
}

function markMatches(list, search) {
  if (!("highlights" in CSS)) return;
  CSS.highlights.delete("log-search");
  if (!search) return;
  const ranges = [];
  const wanted = search.toLowerCase();
  for (const text of list.querySelectorAll(".log-text")) {
    const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const lower = node.data.toLowerCase();
      for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + wanted.length)) {
        if (lower.length !== node.data.length) break;
        const range = new Range();
        range.setStart(node, at);
        range.setEnd(node, at + wanted.length);
        ranges.push(range);
      }
    }
  }
  CSS.highlights.set("log-search", new Highlight(...ranges));
}

/** Wire the controls of a panel to its log; returns how to show what has become of it. */
export function bindTools(panel, log) {
  const part = (name) => panel.querySelector(`[data-log-${name}]`);
  const [search, level, follow] = [part("search"), part("level"), part("follow")];
  const scroller = panel.querySelector("[data-job-log]");
  const numbers = new Intl.NumberFormat(document.documentElement.lang || undefined);
  const text = panel.dataset;
  let timer = 0;
  let place = 0;

  bindToggle(panel, "wrap", "is-wrapped", "yes");
  bindToggle(panel, "times", "has-times", "yes");
  const filter = () => log.setFilter(level.value, search.value.trim());
  search.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(filter, 250);
  });
  level.addEventListener("change", filter);
  part("tools").addEventListener("submit", (event) => event.preventDefault());
  follow.addEventListener("click", () => log.setFollowing(!log.following));
  part("earlier").addEventListener("click", () => log.loadEarlier());
  part("later").addEventListener("click", () => log.loadLater());
  scroller.addEventListener("scroll", () => {
    const upwards = scroller.scrollTop < place - 4;
    place = scroller.scrollTop;
    if (upwards && log.following && !log.window.atEnd) log.setFollowing(false);
    if (upwards && place < 80) log.loadEarlier();
    if (!upwards && !log.ended && !log.following && log.window.atEnd && !log.isBehind && !log.search.isOn) {
      log.setFollowing(true);
    }
  }, { passive: true });
  // A number in a filtered list leads to the line among its neighbours.
  scroller.addEventListener("click", (event) => {
    const number = event.target.closest(".log-number");
    if (number && number.hash === location.hash) log.goTo(Number(number.hash.slice(2)));
  });

  return {
    reset() {
      search.value = "";
      level.value = "";
    },
    show(now) {
      follow.hidden = log.ended;
      follow.setAttribute("aria-pressed", String(now.following));
      part("earlier").hidden = !now.earlier;
      part("later").hidden = !now.later;
      part("empty").hidden = !now.empty;
      part("empty").textContent = now.matches === null ? text.textEmpty : text.textNoMatch;
      const [name, number] = now.matches === null
        ? [text.textLines, now.lines]
        : [text.textMatches, now.matches];
      const far = now.searched ? ` · ${text.textSearched} ${numbers.format(now.searched)}` : "";
      part("count").textContent = `${name}: ${numbers.format(number)}${far}`;
      const link = part("link");
      if (link.dataset.state !== now.link) {
        link.dataset.state = now.link;
        link.textContent = text[`text${now.link[0].toUpperCase()}${now.link.slice(1)}`] || "";
      }
      markMatches(log.window.list, log.search.text);
    },
  };
}
