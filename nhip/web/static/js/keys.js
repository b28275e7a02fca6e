// Keyboard: j k between rows, / to the filter, ? for the list of keys, Ctrl K to go anywhere.
const fold = (text) =>
  text
    .toLowerCase()
    .replaceAll("đ", "d")
    .normalize("NFD")
    .replace(/\p{M}/gu, "");

const typing = (target) => target.closest("input, textarea, select, [contenteditable], dialog[open]");

export function rows() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1, event);
    else if (event.key === "/") {
      const first = document.querySelector(".filters input:not([type=hidden]), .filters select");
      if (first) {
        event.preventDefault();
        first.focus();
        first.select?.();
      }
    } else if (event.key === "?") document.getElementById("keyboard")?.showModal();
  });
}

function step(by, event) {
  const links = [...document.querySelectorAll("main .row-link")];
  if (!links.length) return;
  event.preventDefault();
  const at = links.indexOf(document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + by));
  links[next].focus();
  links[next].scrollIntoView({ block: "nearest" });
}

export function palette() {
  const dialog = document.getElementById("palette");
  if (!dialog) return;
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("ul");
  for (const link of document.querySelectorAll("main a[data-palette]")) add(list, link.href, link.textContent.trim());
  const options = [...list.children];
  options.forEach((option, place) => (option.id = `palette-${place}`));

  const shown = () => options.filter((option) => !option.hidden);
  const select = (chosen) => {
    for (const option of options) option.setAttribute("aria-selected", String(option === chosen));
    input.setAttribute("aria-activedescendant", chosen?.id ?? "");
    chosen?.scrollIntoView({ block: "nearest" });
  };
  const filter = () => {
    const words = fold(input.value).split(/\s+/).filter(Boolean);
    for (const option of options) {
      const text = fold(option.textContent);
      option.hidden = !words.every((word) => text.includes(word));
    }
    select(shown()[0]);
  };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      input.value = "";
      filter();
      if (!dialog.open) dialog.showModal();
    }
  });
  input.addEventListener("input", filter);
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[data-href]");
    if (option) location.assign(option.dataset.href);
  });
  input.addEventListener("keydown", (event) => {
    const visible = shown();
    const at = visible.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      select(visible[(at + (event.key === "ArrowDown" ? 1 : -1) + visible.length) % visible.length]);
    } else if (event.key === "Enter" && visible[at]) {
      event.preventDefault();
      location.assign(visible[at].dataset.href);
    }
  });
}

function add(list, href, text) {
  const option = document.createElement("li");
  option.setAttribute("role", "option");
  option.dataset.href = href;
  option.textContent = text;
  list.append(option);
}
