/* Lists of inputs in forms: rows are added and removed here. Without scripts one empty row is
 * always there, and the server leaves empty rows out. */

function addRow(field) {
  const rows = field.querySelectorAll("[data-list-row]");
  const last = rows[rows.length - 1];
  const row = last.cloneNode(true);
  const input = row.querySelector("input");
  const first = field.querySelector("input");
  if (input.id) {
    const label = document.querySelector(`label[for="${CSS.escape(input.id)}"]`);
    input.setAttribute("aria-label", label ? label.firstChild.textContent.trim() : input.name);
    input.removeAttribute("id");
  } else {
    input.setAttribute("aria-label", input.getAttribute("aria-label") || first.name);
  }
  input.value = "";
  last.after(row);
  input.focus();
}

function removeRow(row) {
  const field = row.closest("[data-list-field]");
  const rows = [...field.querySelectorAll("[data-list-row]")];
  const input = row.querySelector("input");
  if (rows.length === 1) {
    input.value = "";
    input.focus();
    return;
  }
  const next = rows[rows.indexOf(row) + 1] || rows[rows.indexOf(row) - 1];
  const heir = next.querySelector("input");
  if (input.id) {
    // The label points at the first row: the next one takes its place.
    heir.id = input.id;
    heir.removeAttribute("aria-label");
  }
  row.remove();
  heir.focus();
}

// Lists of objects: a template holds an empty row, with __row__ where its number goes. Without
// scripts the same buttons are sent, and the server adds and removes.
function addObject(field) {
  const rows = field.querySelectorAll(":scope > [data-rows-row]");
  const taken = [...rows].map((row) => Number(row.querySelector("input[type=hidden]")?.value) || 0);
  const number = String(taken.length ? Math.max(...taken) + 1 : 0);
  const template = field.querySelector(":scope > template[data-rows-template]");
  const holder = document.createElement("template");
  holder.innerHTML = template.innerHTML.replaceAll("__row__", number);
  const row = holder.content.querySelector("[data-rows-row]");
  template.before(row);
  row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
}

function removeObject(row) {
  const field = row.closest("[data-rows-field]");
  row.remove();
  field.querySelector(":scope > [data-rows-add]")?.focus();
}

document.addEventListener("click", (event) => {
  const addRows = event.target.closest("[data-rows-add]");
  const removeRows = event.target.closest("[data-rows-remove]");
  if (addRows || removeRows) event.preventDefault();
  if (addRows) addObject(addRows.closest("[data-rows-field]"));
  if (removeRows) removeObject(removeRows.closest("[data-rows-row]"));
  const add = event.target.closest("[data-list-add]");
  if (add) addRow(add.closest("[data-list-field]"));
  const remove = event.target.closest("[data-list-remove]");
  if (remove) removeRow(remove.closest("[data-list-row]"));
});

document.addEventListener("keydown", (event) => {
  const row = event.key === "Enter" && event.target.closest?.("[data-list-row]");
  if (!row || event.target.tagName !== "INPUT" || !event.target.value) return;
  event.preventDefault();
  addRow(row.closest("[data-list-field]"));
});

// Many lines pasted into one row become many rows.
document.addEventListener("paste", (event) => {
  const row = event.target.closest?.("[data-list-row]");
  const text = row && event.clipboardData?.getData("text");
  if (!text || !/\n/.test(text.trim())) return;
  event.preventDefault();
  const field = row.closest("[data-list-field]");
  const [head, ...rest] = text.split(/\r?\n/).map((line) => line.trim()).filter(Boolean);
  event.target.value = head;
  for (const line of rest) {
    addRow(field);
    const rows = field.querySelectorAll("[data-list-row] input");
    rows[rows.length - 1].value = line;
  }
});
