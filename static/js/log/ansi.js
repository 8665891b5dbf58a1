/* One log line as nodes: colours and weight as classes, every other control code dropped.
 * The same rules as toolkits/pages/markup.py, for lines that come in live. */

// eslint-disable-next-line no-control-regex
const SGR = /\x1b\[([0-9;]{0,40})m/;
// eslint-disable-next-line no-control-regex
const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])/g;
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;
const EFFECTS = { 1: "ansi-bold", 2: "ansi-dim", 3: "ansi-italic", 4: "ansi-line" };
const ENDS = { 22: ["ansi-bold", "ansi-dim"], 23: ["ansi-italic"], 24: ["ansi-line"] };

function plain(text) {
  return text.replace(ESCAPES, "").replace(CONTROLS, "");
}

function setColor(classes, number) {
  for (let color = 0; color < 8; color += 1) classes.delete(`ansi-${color}`);
  if (number !== null) classes.add(`ansi-${number}`);
}

function extended(numbers) {
  const kind = numbers.shift() ?? 0;
  if (kind === 2) numbers.splice(0, 3);
  if (kind !== 5 || !numbers.length) return null;
  const number = numbers.shift();
  return number < 16 ? number % 8 : null;
}

function applyCodes(classes, codes) {
  const numbers = codes.split(";").map((code) => Number(code || 0));
  while (numbers.length) {
    const code = numbers.shift();
    if (code === 0) classes.clear();
    else if (code in EFFECTS) classes.add(EFFECTS[code]);
    else if (code in ENDS) ENDS[code].forEach((name) => classes.delete(name));
    else if (code === 38) setColor(classes, extended(numbers));
    else if (code === 48) extended(numbers);
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) setColor(classes, code % 10);
    else if (code === 39) setColor(classes, null);
  }
}

/** Fill `node` with a line of text as a toolkit wrote it. */
export function fillText(node, text) {
  if (!text.includes("\x1b")) {
    node.textContent = plain(text);
    return;
  }
  const classes = new Set();
  // Splitting by one group alternates text and the codes that follow it.
  text.split(SGR).forEach((part, index) => {
    if (index % 2) return applyCodes(classes, part);
    const shown = plain(part);
    if (!shown) return undefined;
    if (!classes.size) return node.append(shown);
    const span = document.createElement("span");
    span.className = [...classes].sort().join(" ");
    span.textContent = shown;
    return node.append(span);
  });
}
