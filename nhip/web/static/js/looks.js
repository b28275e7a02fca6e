// A form that shows what it makes while one goes on: what was typed or chosen while the answer was under way
// is never swapped away; of that answer only the revision is taken, and the form is sent once more.
// What was chosen or typed before the scripts had come (or is restored by the way back) is looked at when they run.
export function looks() {
  const sent = new WeakMap();
  document.addEventListener("htmx:beforeSend", ({ detail: { elt } }) => {
    if (elt.matches("[data-looks]")) sent.set(elt, filled(elt));
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const part = detail.requestConfig.elt;
    if (!sent.has(part) || sent.get(part) === filled(part)) return;
    const answer = new DOMParser().parseFromString(detail.serverResponse, "text/html");
    const revision = answer.querySelector("[name=revision]");
    if (!revision) return;
    detail.shouldSwap = false;
    part.querySelector("[name=revision]").value = revision.value;
    part.dispatchEvent(new CustomEvent("look"));
  });
}

export function catchUp() {
  for (const part of document.querySelectorAll("[data-looks]")) {
    if ([...part.querySelectorAll("select, textarea")].some(touched)) part.dispatchEvent(new CustomEvent("look"));
  }
}

function touched(field) {
  if (!field.options) return field.value !== field.defaultValue;
  return field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
}

function filled(part) {
  return new URLSearchParams(new FormData(part.closest("form"))).toString();
}
