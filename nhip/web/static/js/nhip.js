// The islands of every page. Nothing depends on them: without JavaScript each page works and only waits a little longer.
import { palette, rows } from "./keys.js";
import { live } from "./live.js";
import { catchUp, looks } from "./looks.js";
import { themes } from "./theme.js";

themes();
rows();
palette();
live();
looks();
if (document.querySelector("[data-map]")) (await import("./maps.js")).maps();

document.querySelector("[data-focus]")?.focus();

// A fold in the top bar closes when one looks elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// htmx begins with the document, after this module: what it listens to is heard from here on.
function begin() {
  catchUp();
  document.body.dataset.ready = "1";
}
if (document.readyState === "complete") begin();
else window.addEventListener("load", begin);
