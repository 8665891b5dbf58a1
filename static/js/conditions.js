/* Fields that are shown only while another one has a certain value. Hidden, they are not sent, and
 * the toolkit's default holds. Without scripts they are all shown. */

function valuesOf(form, name) {
  const controls = [...form.elements].filter((control) => control.name === name);
  return controls.flatMap((control) => {
    if (control.type === "checkbox") return [String(control.checked)];
    if (control.multiple) return [...control.selectedOptions].map((option) => option.value);
    return [control.value];
  });
}

function refresh(form) {
  for (const part of form.querySelectorAll("[data-show-if]")) {
    const { field, values } = JSON.parse(part.dataset.showIf);
    const wanted = values.map(String);
    const shown = valuesOf(form, field).some((value) => wanted.includes(value));
    part.hidden = !shown;
    for (const control of part.querySelectorAll("input, select, textarea")) {
      control.disabled = !shown;
    }
  }
}

for (const form of document.querySelectorAll("form:has([data-show-if])")) {
  refresh(form);
  form.addEventListener("input", () => refresh(form));
  form.addEventListener("change", () => refresh(form));
}
