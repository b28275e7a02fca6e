// A form that shows what it makes while one goes on: what was typed or chosen while the answer was under way
// is never swapped away; of that answer only the revision is taken, and the form is sent once more.
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

function filled(part) {
  return new URLSearchParams(new FormData(part.closest("form"))).toString();
}
