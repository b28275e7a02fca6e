// The server says which topic changed; the parts of the page about it are fetched again, when they can be seen.
const PAUSE = 400;

export function live() {
  const parts = document.querySelectorAll("[data-live]");
  if (!parts.length || !window.EventSource) return;
  const source = new EventSource("/live");
  const waiting = new Set();
  let timer = 0;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => refresh(waiting), PAUSE);
  };
  source.addEventListener("changed", (event) => {
    for (const part of document.querySelectorAll("[data-live]")) {
      if (event.data === "*" || event.data === part.dataset.live) waiting.add(part.id);
    }
    if (!document.hidden) later();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && waiting.size) later();
  });
  window.addEventListener("pagehide", () => source.close());
}

async function refresh(waiting) {
  const ids = [...waiting];
  waiting.clear();
  const pages = new Map();
  for (const id of ids) {
    const part = document.getElementById(id);
    // A person who is typing or reading with the keyboard inside a part keeps it until they leave.
    if (!part || part.contains(document.activeElement)) continue;
    const address = part.dataset.liveFrom;
    if (!pages.has(address)) pages.set(address, fetched(address));
    const fresh = (await pages.get(address))?.getElementById(id);
    if (fresh) part.replaceWith(fresh);
  }
}

async function fetched(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return null;
  }
}
