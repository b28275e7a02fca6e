// Maps of rows, drawn when somebody asks: the tap fetches the library, its style and the rows. The table and the sketch stand beside.
const MOST = 5000;
const ISLANDS = [["paracels", 16.5, 112.0], ["spratlys", 9.5, 113.5]];

export function maps() {
  for (const place of document.querySelectorAll("[data-map]")) {
    const button = place.querySelector("button");
    button.hidden = false;
    button.addEventListener("click", () => show(place, button));
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
    told.textContent = place.dataset.shown.replace("{n}", rows.length.toLocaleString(document.documentElement.lang));
    draw(place, rows);
  } catch {
    button.disabled = false;
    told.textContent = place.dataset.failed;
  }
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
  const { latitude, longitude, title, tiles, zoomIn, zoomOut } = place.dataset;
  const box = place.querySelector(".map");
  box.hidden = false;
  const colour = getComputedStyle(document.documentElement).getPropertyValue("--accent").trim();
  const map = L.map(box, { preferCanvas: true, zoomControl: false, attributionControl: false });
  L.control.zoom({ zoomInTitle: zoomIn, zoomOutTitle: zoomOut }).addTo(map);
  if (tiles) L.tileLayer(tiles, { maxZoom: 19 }).addTo(map);
  const points = [];
  const look = { radius: 5, weight: 1, color: colour, fillColor: colour, fillOpacity: 0.6 };
  if ("geometry" in place.dataset) points.push(...areas(map, rows, look, title));
  else for (const row of rows) {
    const at = [Number(row[latitude]), Number(row[longitude])];
    if (row[latitude] === null || !at.every(Number.isFinite) || Math.abs(at[0]) > 90 || Math.abs(at[1]) > 180) continue;
    points.push(at);
    const marker = L.circleMarker(at, look);
    marker.bindPopup(() => said(row, title)).addTo(map);
  }
  for (const [name, north, east] of ISLANDS) {
    L.tooltip({ permanent: true, direction: "center", className: "map-label" })
      .setLatLng([north, east]).setContent(words(place.dataset[name])).addTo(map);
  }
  if (points.length) map.fitBounds("geometry" in place.dataset ? points : near(points), { padding: [16, 16], maxZoom: 16, animate: false });
  box.dataset.drawn = "geometry" in place.dataset ? points.length / 2 : points.length;
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

// A row as a list: the text is data and stays text.
function said(row, title) {
  const list = document.createElement("dl");
  for (const [name, value] of Object.entries(row)) {
    if (value === null || value === "") continue;
    const word = document.createElement("dt");
    const text = document.createElement("dd");
    word.textContent = JSON.parse(title)[name] ?? name;
    text.textContent = String(value);
    list.append(word, text);
  }
  return list;
}

function words(text) {
  const holder = document.createElement("span");
  holder.textContent = text;
  return holder;
}
