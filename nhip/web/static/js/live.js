// The server says which topic changed; the parts of the page about it are fetched again.
// Only the tab that is looked at listens: a browser keeps six connections to a server, and each listener holds one.
const PAUSE = 400;

export function live() {
  if (!document.querySelector("[data-live], [data-follow]") || !window.EventSource) return;
  const waiting = new Set();
  let source = null;
  let timer = 0;
  const mark = (topic) => {
    for (const part of document.querySelectorAll("[data-live]")) {
      if (topic === "*" || topic === part.dataset.live) waiting.add(part.id);
    }
    document.dispatchEvent(new CustomEvent("nhip:changed", { detail: topic })); // for maps, which move what they drew
    clearTimeout(timer);
    timer = setTimeout(() => refresh(waiting), PAUSE);
  };
  const listen = () => {
    source = new EventSource("/live");
    source.addEventListener("changed", (event) => mark(event.data));
    // Work that ended after the page was made and before this connection stood would never be told.
    source.addEventListener("open", () => document.querySelector("[data-live] progress") && mark("*"));
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else if (!source) {
      listen();
      mark("*");
    }
  });
  window.addEventListener("pagehide", () => source?.close());
  if (!document.hidden) listen();
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
