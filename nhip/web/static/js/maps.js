// Maps of rows, drawn when somebody asks: the tap fetches the library, its style and the rows. The table and the sketch stand beside.
import { calmly, concerns } from "./live.js";

const MOST = 5000;
const ISLANDS = [["paracels", 16.5, 112.0], ["spratlys", 9.5, 113.5]];

export function maps() {
  for (const place of document.querySelectorAll("[data-map]")) {
    const button = place.querySelector("button");
    button.hidden = false;
    button.addEventListener("click", () => show(place, button));
    if ("open" in place.dataset && matchMedia("(min-width: 45rem)").matches && !navigator.connection?.saveData) show(place, button);
  }
}

async function show(place, button) {
  const told = place.querySelector("[role=status]");
  button.disabled = true;
  told.textContent = place.dataset.waiting;
  try {
    const parts = [rowsOf(place.dataset.map, place.dataset.signed ? "same-origin" : "omit"), style(place.dataset.style), script(place.dataset.script)];
    const rows = (await Promise.all(parts)).at(0);
    button.hidden = true;
    tell(place, rows);
    const moved = draw(place, rows);
    if (place.dataset.follow) follow(place, moved);
  } catch {
    button.disabled = false;
    told.textContent = place.dataset.failed;
  }
}

function tell(place, rows) {
  place.querySelector("[role=status]").textContent = place.dataset.shown.replace("{n}", rows.length.toLocaleString(document.documentElement.lang));
}

// Things that move: when the server says that they changed, the rows are fetched again.
function follow(place, move) {
  const again = calmly(async () => {
    try {
      const rows = await rowsOf(place.dataset.map, place.dataset.signed ? "same-origin" : "omit");
      move(rows);
      tell(place, rows);
    } catch {
      // what is drawn stays until the next time
    }
  });
  document.addEventListener("nhip:changed", ({ detail }) => concerns(detail, place.dataset.follow) && again());
}

async function rowsOf(address, credentials) {
  const rows = [];
  while (address && rows.length < MOST) {
    const answer = await fetch(address, { credentials });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = await answer.json();
    rows.push(...(page.features ?? page.rows));
    address = page.next && new URL(page.next, location.href).pathname + new URL(page.next, location.href).search;
  }
  return rows;
}

function style(href) {
  return loaded(Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
}

function script(src) {
  return window.L ? null : loaded(Object.assign(document.createElement("script"), { src }));
}

function loaded(element) {
  return new Promise((done, failed) => {
    element.addEventListener("load", done);
    element.addEventListener("error", failed);
    document.head.append(element);
  });
}

function draw(place, rows) {
  const { tiles, title, zoomIn, zoomOut } = place.dataset;
  const box = place.querySelector(".map");
  box.hidden = false;
  const colour = getComputedStyle(document.documentElement).getPropertyValue("--accent").trim();
  const map = L.map(box, { preferCanvas: true, zoomControl: false, attributionControl: false, zoomSnap: tiles ? 1 : 0.25 });
  L.control.zoom({ zoomInTitle: zoomIn, zoomOutTitle: zoomOut }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  if (tiles) L.tileLayer(tiles, { maxZoom: 19 }).addTo(map);
  const look = { radius: 5, weight: 1, color: colour, fillColor: colour, fillOpacity: 0.6 };
  const drawn = new Map();
  const move = (fresh) => {
    const there = new Map();
    fresh.forEach((row, number) => {
      const at = placeOf(row, place.dataset);
      if (!at) return;
      const key = place.dataset.follow ? row.id : number;
      there.set(key, at);
      if (!drawn.has(key)) {
        const marker = L.circleMarker(at, look);
        drawn.set(key, marker);
        marker.bindPopup(() => said(marker.row, title, place.dataset.link)).addTo(map);
      }
      const marker = drawn.get(key);
      marker.row = row;
      marker.setLatLng(at).getPopup().update();
      label(marker, row.label);
    });
    for (const [key, marker] of drawn) if (!there.has(key)) marker.remove() && drawn.delete(key);
    box.dataset.drawn = drawn.size;
    declutter(drawn);
    return [...there.values()];
  };
  map.on("zoomend", () => declutter(drawn));
  const points = "geometry" in place.dataset ? areas(map, rows, look, title) : move(rows);
  for (const [name, north, east] of ISLANDS) {
    L.tooltip({ permanent: true, direction: "center", className: "map-label" })
      .setLatLng([north, east]).setContent(words(place.dataset[name])).addTo(map);
  }
  if (points.length) map.fitBounds("geometry" in place.dataset ? points : near(points), { padding: [16, 16], maxZoom: 16, animate: false });
  declutter(drawn);
  if ("geometry" in place.dataset) box.dataset.drawn = points.length / 2;
  return move;
}

// A value beside its point, where the rows bring one.
function label(marker, text) {
  if (marker.label === text) return;
  marker.label = text;
  marker.unbindTooltip();
  if (text) marker.bindTooltip(words(text), { permanent: true, direction: "right", offset: [4, 0], className: "map-label" });
}

// Of values that would lie upon each other the first is told; closer in there is room for more.
function declutter(drawn) {
  const told = [];
  for (const marker of drawn.values()) {
    const element = marker.getTooltip()?.getElement();
    if (!element) continue;
    const box = element.getBoundingClientRect();
    const free = told.every((one) => box.right < one.left || box.left > one.right || box.bottom < one.top || box.top > one.bottom);
    element.style.visibility = free ? "" : "hidden";
    if (free) told.push(box);
  }
}

// Where a row is, null where it says nothing that can be.
function placeOf(row, { latitude, longitude }) {
  const at = [Number(row[latitude]), Number(row[longitude])];
  const known = row[latitude] !== null && at.every(Number.isFinite) && Math.abs(at[0]) <= 90 && Math.abs(at[1]) <= 180;
  return known ? at : null;
}

// The points without those so far from the others that they must be wrong (as nhip/portal/rows/shapes.py): all are drawn, but the
// map opens on the city.
function near(points) {
  const within = [0, 1].map((axis) => {
    const sorted = points.map((at) => at[axis]).sort((a, b) => a - b);
    const [low, high] = [0.05, 0.95].map((share) => sorted[Math.floor(share * (sorted.length - 1))]);
    return (at) => Math.abs(at[axis] - (low + high) / 2) <= 5 * Math.max(high - low, 0.05);
  });
  return points.filter((at) => within.every((holds) => holds(at)));
}

// Lines and areas; gives the corners of what each of them spans.
function areas(map, features, look, title) {
  const found = [];
  for (const feature of features) {
    if (!feature.geometry) continue;
    const layer = L.geoJSON(feature, { style: { ...look, fillOpacity: 0.2, weight: 2 }, pointToLayer: (_feature, at) => L.circleMarker(at, look) });
    layer.bindPopup(() => said(feature.properties, title)).addTo(map);
    if (layer.getBounds().isValid()) found.push(layer.getBounds().getSouthWest(), layer.getBounds().getNorthEast());
  }
  return found;
}

// A row as a list: the text is data and stays text. `link` names the member with the address of the row's page.
function said(row, title, link) {
  const list = document.createElement("dl");
  for (const [name, value] of Object.entries(row)) {
    if (value === null || value === "" || name === link || name === "label") continue;
    const word = document.createElement("dt");
    const text = document.createElement("dd");
    word.textContent = JSON.parse(title)[name] ?? name;
    if (link && name === "name") text.append(Object.assign(document.createElement("a"), { href: row[link], textContent: String(value) }));
    else text.textContent = String(value);
    list.append(word, text);
  }
  return list;
}

function words(text) {
  const holder = document.createElement("span");
  holder.textContent = text;
  return holder;
}
