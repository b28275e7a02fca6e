// The server says which topic changed; the parts of the page about it are fetched again.
// Only the tab that is looked at listens: a browser keeps six connections to a server, and each listener holds one.
const SOON = 150;
const PAUSE = 1000;
const SHARE = 20; // a page asks again after twenty times what the last answer took, so that neither phone nor server is kept busy by it
const LOST = 8000;

// Whether a topic that changed is one of those of a part (`a` is above `a-b`: each wakes the other).
export function concerns(topic, topics) {
  return topics.split(" ").some((one) => topic === "*" || topic === one || one.startsWith(`${topic}-`) || topic.startsWith(`${one}-`));
}

// Gives a function that has `work` done soon; not twice at a time, with pauses between; what is asked for meanwhile is done after that.
export function calmly(work) {
  let waiting = false, busy = false, next = 0;
  const run = async () => {
    waiting = false;
    busy = true;
    const start = performance.now();
    try {
      await work();
    } finally {
      const end = performance.now();
      next = end + Math.max(PAUSE, SHARE * (end - start));
      busy = false;
      if (waiting) later();
    }
  };
  const later = () => setTimeout(run, Math.max(SOON, next - performance.now()));
  return () => {
    if (!waiting && !busy) later();
    waiting = true;
  };
}

export function live() {
  if (!document.querySelector("[data-live], [data-follow]") || !window.EventSource) return;
  const waiting = new Set();
  const again = calmly(() => refresh(waiting, again));
  let source = null;
  let lost = 0;
  const mark = (topic) => {
    for (const part of document.querySelectorAll("[data-live]")) {
      if (concerns(topic, part.dataset.live)) waiting.add(part.id);
    }
    document.dispatchEvent(new CustomEvent("nhip:changed", { detail: topic })); // for maps, which move what they drew
    if (waiting.size) again();
  };
  const tell = (is) => {
    for (const note of document.querySelectorAll("[data-live-lost]")) note.hidden = !is;
  };
  const listen = (since) => {
    source = new EventSource(address(since));
    source.addEventListener("changed", (event) => mark(event.data));
    source.addEventListener("open", () => {
      clearTimeout(lost);
      if (lost) mark("*");
      lost = 0;
      tell(false);
      // Work that ended after the page was made and before this connection stood would never be told.
      if (document.querySelector("[data-live] progress")) mark("*");
    });
    source.addEventListener("error", () => {
      lost ||= setTimeout(() => tell(true), LOST);
      if (source?.readyState === EventSource.CLOSED) setTimeout(() => document.hidden || listen(), LOST);
    });
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
  if (!document.hidden) listen(document.querySelector("[data-live-at]")?.dataset.liveAt);
}

// What this page is about, and when it was made: the server tells nothing else, and what changed since then.
function address(since) {
  const parts = document.querySelectorAll("[data-live], [data-follow]");
  const topics = new Set([...parts].flatMap((part) => (part.dataset.live ?? part.dataset.follow).split(" ")));
  const asked = new URLSearchParams([...topics].map((topic) => ["topic", topic]));
  if (since) asked.set("since", since);
  return `/live?${asked}`;
}

async function refresh(waiting, again) {
  const ids = [...waiting];
  waiting.clear();
  const pages = new Map();
  for (const id of ids) {
    const part = document.getElementById(id);
    // A person who is typing or reading with the keyboard inside a part keeps it until they leave.
    if (!part) continue;
    if (part.contains(document.activeElement)) {
      waiting.add(id);
      part.addEventListener("focusout", again, { once: true });
      continue;
    }
    const from = part.dataset.liveFrom;
    if (!pages.has(from)) pages.set(from, fetched(from));
    const fresh = (await pages.get(from))?.getElementById(id);
    if (fresh && !part.contains(document.activeElement)) replace(part, fresh);
  }
}

// What somebody opened stays open.
function replace(part, fresh) {
  const folds = fresh.querySelectorAll("details");
  part.querySelectorAll("details").forEach((fold, place) => {
    if (folds[place]) folds[place].open = fold.open;
  });
  part.replaceWith(fresh);
}

async function fetched(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html", "X-Nhip-Part": "1" } });
    if (!answer.ok || answer.redirected) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return null;
  }
}
