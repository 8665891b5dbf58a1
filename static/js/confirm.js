/* Asks before a form or button marked with data-confirm is sent. The text is in the page (and so
 * translated); without scripts the server's own confirmation stands. */

let dialog = null;

function build() {
  dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", "confirm-title");
  const title = document.createElement("h2");
  title.id = "confirm-title";
  const text = document.createElement("p");
  text.className = "quiet";
  const actions = document.createElement("p");
  actions.className = "actions";
  for (const [value, name] of [["no", "btn"], ["yes", "btn btn-primary"]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = name;
    button.addEventListener("click", () => dialog.close(value));
    actions.append(button);
  }
  dialog.append(title, text, actions);
  document.body.append(dialog);
}

function ask(source, submitter) {
  if (!dialog) build();
  const [no, yes] = dialog.querySelectorAll("button");
  const danger = source.dataset.confirmDanger !== undefined
    || submitter?.classList.contains("btn-danger");
  dialog.querySelector("h2").textContent = source.dataset.confirm;
  dialog.querySelector("p").textContent = source.dataset.confirmText || "";
  yes.textContent = source.dataset.confirmYes || submitter?.textContent.trim() || "OK";
  yes.className = danger ? "btn btn-danger" : "btn btn-primary";
  no.textContent = source.dataset.confirmNo || document.documentElement.dataset.cancel || "Cancel";
  dialog.returnValue = "";
  dialog.showModal();
  no.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

/** Hold back a submit that needs a confirmation; returns whether it was held. */
export function confirmSubmit(event) {
  const form = event.target;
  const source = event.submitter?.dataset.confirm ? event.submitter : form;
  if (!source.dataset.confirm || form.dataset.confirmed) {
    delete form.dataset.confirmed;
    return false;
  }
  event.preventDefault();
  const submitter = event.submitter;
  ask(source, submitter).then((sure) => {
    if (!sure) return;
    form.dataset.confirmed = "yes";
    form.requestSubmit(submitter || undefined);
  });
  return true;
}
