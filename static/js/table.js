/* Tables of results: heads that sort, a box that filters, an export of what is shown.
 * The server sent every row; nothing here fetches. */

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

function sortValue(row, index) {
  return row.cells[index]?.dataset.sort ?? "";
}

function compare(a, b, numeric) {
  if (a === "" || b === "") return (a === "") - (b === "");
  return numeric ? Number(a) - Number(b) : collator.compare(a, b);
}

function sortBy(table, head) {
  const index = head.cellIndex;
  const descending = head.getAttribute("aria-sort") === "ascending";
  const body = table.tBodies[0];
  const rows = [...body.rows].filter((row) => !row.classList.contains("no-rows"));
  const values = rows.map((row) => sortValue(row, index)).filter((value) => value !== "");
  const numeric = values.length > 0 && values.every((value) => Number.isFinite(Number(value)));
  rows.sort((a, b) => {
    const [first, second] = [sortValue(a, index), sortValue(b, index)];
    const order = compare(first, second, numeric);
    // Empty cells stay at the end whichever way is sorted.
    return descending && first !== "" && second !== "" ? -order : order;
  });
  for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", descending ? "descending" : "ascending");
  body.append(...rows);
}

function addSorting(table) {
  if (!table.tHead || table.tBodies[0].rows.length < 2) return;
  for (const head of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort-button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sortBy(table, head));
    head.append(button);
  }
}

function addFilter(view, table) {
  const box = view.querySelector("[data-table-filter]");
  const count = view.querySelector("[data-table-count]");
  if (!box) return;
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = [...table.tBodies[0].rows];
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
    const shown = rows.filter((row) => !row.hidden).length;
    if (count) count.textContent = words.length ? `${shown} / ${rows.length}` : "";
  });
}

function cellText(cell, type) {
  const plainNumber = ["number", "duration_ms", "bytes"].includes(type);
  if (plainNumber && cell.dataset.sort !== "") return cell.dataset.sort;
  const time = cell.querySelector("time");
  return (time ? time.dateTime : cell.textContent).trim();
}

/** One field of CSV. A spreadsheet runs what starts like a formula: such text gets a quote. */
export function csvField(text) {
  const number = /^[+-]?\d+([.,]\d+)?$/.test(text);
  const guarded = !number && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

/** The table as CSV: heads, then the rows that are not filtered away, in the order shown. */
export function tableCsv(table) {
  const heads = [...table.tHead.rows[0].cells];
  const types = heads.map((head) => head.dataset.type || "text");
  const lines = [heads.map((head) => csvField(head.textContent.trim()))];
  for (const row of table.tBodies[0].rows) {
    if (row.hidden || row.classList.contains("no-rows")) continue;
    lines.push([...row.cells].map((cell, index) => csvField(cellText(cell, types[index]))));
  }
  return lines.map((line) => line.join(",")).join("\r\n") + "\r\n";
}

function download(name, text) {
  // The mark at the start tells spreadsheets that this is UTF-8.
  const url = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(url), 10000);
}

function setUp(view) {
  const table = view.querySelector("table");
  if (!table || view.dataset.ready) return;
  view.dataset.ready = "yes";
  addSorting(table);
  addFilter(view, table);
  const button = view.querySelector("[data-table-export]");
  button?.addEventListener("click", () => {
    download(`${button.dataset.tableExport || "table"}.csv`, tableCsv(table));
  });
}

function setUpAll() {
  for (const view of document.querySelectorAll("[data-table-view]")) setUp(view);
}

setUpAll();
document.addEventListener("htmx:afterSettle", setUpAll);
