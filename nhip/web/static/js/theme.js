// Change the theme at once; the links do the same with a page load.
const YEAR = 31536000;

export function themes() {
  const list = document.querySelector("[data-themes]");
  list?.addEventListener("click", (event) => {
    const link = event.target.closest("[data-theme-choice]");
    if (!link) return;
    event.preventDefault();
    choose(link.dataset.themeChoice);
    for (const other of list.querySelectorAll("a")) {
      if (other === link) other.setAttribute("aria-current", "true");
      else other.removeAttribute("aria-current");
    }
  });
}

function choose(theme) {
  const [prefix, secure] = location.protocol === "https:" ? ["__Host-", "; Secure"] : ["", ""];
  document.cookie = `${prefix}nhip_theme=${theme}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
