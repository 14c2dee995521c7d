"use strict";
// The page of a call: draws the tracks, follows the player, jumps, sorts and filters.
const data = JSON.parse(document.getElementById("data").textContent);
const find = (id) => document.getElementById(id);
const audio = find("audio");
const wave = find("wave");
const rows = [...document.querySelectorAll("#segments tbody tr")];
const HEAD = 20, BODY = 72, GAP = 10, NAME = 18, AXIS = 22, MOST = 32;
let zoom = 1;
let position = 0; // seconds; also without sound
let cursor = null;
let marked = ""; // the segments whose rows are marked

// ---- time ------------------------------------------------------------------------------------

function clock(seconds) {
  const tenths = Math.round(seconds * 10);
  const minutes = Math.floor(tenths / 600);
  const rest = `${String(Math.floor((tenths % 600) / 10)).padStart(2, "0")}.${tenths % 10}`;
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

function segmentAt(track, seconds) {
  const list = track.segments;
  let low = 0, high = list.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (list[middle][0] <= seconds * 1000) low = middle; else high = middle - 1;
  }
  return list.length ? low : -1;
}

function said(seconds) {
  return data.tracks.map((track) => {
    const segment = track.segments[segmentAt(track, seconds)];
    return (track.name ? `${track.name}: ` : "") + (segment ? segment[3] : "");
  }).join("; ");
}

// ---- drawing ---------------------------------------------------------------------------------

function make(parent, name, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

function draw() {
  const named = data.tracks.some((track) => track.name);
  const step = (named ? NAME : 0) + HEAD + BODY + GAP;
  const width = Math.max(200, Math.round(wave.clientWidth * zoom));
  const height = step * data.tracks.length + AXIS;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of [["width", width], ["height", height], ["viewBox", `0 0 ${width} ${height}`], ["aria-hidden", "true"]]) {
    svg.setAttribute(key, value);
  }
  const scale = width / (data.duration_s * 1000);
  data.tracks.forEach((track, number) => {
    const top = step * number + (named ? NAME : 0);
    if (named) make(svg, "text", { class: "voice", x: 4, y: top - 5 }, track.name);
    make(svg, "rect", { class: "ground", x: 0, y: top, width, height: HEAD + BODY });
    for (const segment of track.segments) drawSegment(svg, segment, top, scale, track.name);
    drawSound(svg, track, top + HEAD, width);
  });
  drawAxis(svg, width, height);
  cursor = make(svg, "line", { class: "cursor", y1: 0, y2: height - AXIS });
  wave.replaceChildren(svg);
  keepNames();
  follow();
}

function drawSegment(svg, [start, end, kind, text], top, scale, name) {
  const look = data.looks[kind];
  if (look.fill === "none") return;
  const x = start * scale, width = Math.max(0.5, (end - start) * scale);
  const group = make(svg, "g", { "data-from": start, "data-kind": look.label });
  make(group, "title", {}, `${name ? `${name}: ` : ""}${text}, ${clock(start / 1000)} to ${clock(end / 1000)}`);
  make(group, "rect", { class: "body", x, y: top + HEAD, width, height: BODY, fill: `url(#p${kind})` });
  make(group, "rect", { x, y: top, width, height: HEAD, fill: look.fill });
  if (width > 2) make(group, "rect", { class: "edge", x, y: top, width, height: HEAD + BODY });
  const room = Math.floor((width - 6) / 7);
  const word = look.label.length <= room ? look.label : look.label.slice(0, 2);
  if (room >= 2) make(group, "text", { x: x + 3, y: top + 14, fill: look.ink }, word);
}

function drawSound(svg, track, top, width) {
  const peaks = track.peaks;
  if (!peaks || !peaks.length) return;
  const middle = top + BODY / 2, most = Math.max(5, ...data.tracks.flatMap((one) => one.peaks || []));
  const columns = Math.min(peaks.length, Math.round(width / 2));
  let path = "";
  for (let column = 0; column < columns; column++) {
    const first = Math.floor(column * peaks.length / columns);
    const last = Math.max(first + 1, Math.floor((column + 1) * peaks.length / columns));
    const half = Math.max(0.4, Math.max(...peaks.slice(first, last)) / most * (BODY / 2 - 3));
    const x = (column * width / columns).toFixed(1);
    path += `M${x} ${(middle - half).toFixed(1)}h${Math.max(0.8, width / columns * 0.6).toFixed(1)}v${(2 * half).toFixed(1)}h-${Math.max(0.8, width / columns * 0.6).toFixed(1)}z`;
  }
  make(svg, "path", { class: "sound", d: path, "pointer-events": "none" });
}

function drawAxis(svg, width, height) {
  const steps = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
  const step = steps.find((one) => one / data.duration_s * width >= 70) || 7200;
  for (let time = 0; time < data.duration_s; time += step) {
    const x = time / data.duration_s * width;
    make(svg, "line", { class: "tick", x1: x, x2: x, y1: height - AXIS, y2: height - AXIS + 5 });
    make(svg, "text", { class: "axis", x: x + 3, y: height - 6 }, clock(time).replace(/\.0$/, ""));
  }
}

function keepNames() {
  for (const name of wave.querySelectorAll(".voice")) name.setAttribute("x", wave.scrollLeft + 4);
}

// ---- following and jumping -------------------------------------------------------------------

function follow() {
  const svg = cursor.ownerSVGElement;
  const x = Math.min(1, position / data.duration_s) * svg.viewBox.baseVal.width;
  cursor.setAttribute("x1", x);
  cursor.setAttribute("x2", x);
  if (x < wave.scrollLeft || x > wave.scrollLeft + wave.clientWidth) wave.scrollLeft = x - 40;
  const words = said(position);
  find("now").textContent = `${clock(position)}  ${words}`;
  wave.setAttribute("aria-valuenow", position.toFixed(1));
  wave.setAttribute("aria-valuetext", `${clock(position)}, ${words}`);
  const here = data.tracks.map((track) => segmentAt(track, position)).join();
  if (here === marked) return;
  marked = here;
  for (const row of rows) {
    const inside = row.dataset.from <= position * 1000 && position * 1000 < row.dataset.to;
    if (inside) row.setAttribute("aria-current", "true"); else row.removeAttribute("aria-current");
  }
}

function jump(seconds) {
  position = Math.min(Math.max(0, seconds), data.duration_s);
  if (audio.readyState > 0) audio.currentTime = position;
  follow();
}

function step(direction) {
  const now = position * 1000;
  const starts = [...new Set(rows.filter((row) => !row.hidden).map((row) => Number(row.dataset.from)))].sort((a, b) => a - b);
  const next = direction > 0 ? starts.find((start) => start > now + 50) : starts.filter((start) => start < now - 50).pop();
  if (next !== undefined) jump(next / 1000);
}

function play() {
  if (!audio.currentSrc) return;
  if (audio.paused) audio.play().catch(() => {}); else audio.pause();
}

function tick() {
  position = audio.currentTime;
  follow();
  if (!audio.paused) requestAnimationFrame(tick);
}

const KEYS = {
  ArrowLeft: () => jump(position - 1),
  ArrowDown: () => jump(position - 1),
  ArrowRight: () => jump(position + 1),
  ArrowUp: () => jump(position + 1),
  PageDown: () => jump(position - 30),
  PageUp: () => jump(position + 30),
  Home: () => jump(0),
  End: () => jump(data.duration_s),
  n: () => step(1),
  p: () => step(-1),
  " ": play,
};

wave.addEventListener("keydown", (event) => {
  const action = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  action();
});
wave.addEventListener("click", (event) => {
  const box = wave.firstElementChild.getBoundingClientRect();
  jump((event.clientX - box.left) / box.width * data.duration_s);
});
wave.addEventListener("scroll", keepNames);
document.addEventListener("click", (event) => {
  const button = event.target.closest("button.jump");
  if (button) jump(button.dataset.from / 1000);
});

// ---- the sound -------------------------------------------------------------------------------

function embedded(element) {
  const text = element.textContent, size = 4 * 65536;
  const pieces = [];
  for (let start = 0; start < text.length; start += size) {
    pieces.push(Uint8Array.from(atob(text.slice(start, start + size)), (letter) => letter.charCodeAt(0)));
  }
  element.remove();
  return URL.createObjectURL(new Blob(pieces, { type: element.dataset.type }));
}

function load(address) {
  find("problem").textContent = "";
  audio.src = address;
}

audio.addEventListener("loadedmetadata", () => { if (position > 0) audio.currentTime = position; });
audio.addEventListener("play", tick);
audio.addEventListener("seeked", tick);
audio.addEventListener("timeupdate", () => { if (audio.paused) tick(); });
audio.addEventListener("error", () => {
  find("choose").hidden = false;
  find("problem").textContent = "The recording cannot be played: it is not where it was, or this browser does not know its format. Choose it below.";
});
find("file").addEventListener("change", (event) => {
  if (event.target.files.length) load(URL.createObjectURL(event.target.files[0]));
});
if (find("sound")) {
  find("choose").hidden = true;
  load(embedded(find("sound")));
} else if (audio.dataset.link) {
  load(audio.dataset.link);
}

// ---- zoom, sorting, filters ------------------------------------------------------------------

function setZoom(value) {
  zoom = Math.min(MOST, Math.max(1, value));
  find("closer").disabled = zoom === MOST;
  find("wider").disabled = zoom === 1;
  find("zoom").textContent = zoom === 1 ? "whole recording" : `${zoom} times`;
  draw();
}
find("closer").addEventListener("click", () => setZoom(zoom * 2));
find("wider").addEventListener("click", () => setZoom(zoom / 2));

const VALUES = {
  from: (row) => Number(row.dataset.from),
  to: (row) => Number(row.dataset.to),
  length: (row) => row.dataset.to - row.dataset.from,
  who: (row) => Number(row.dataset.track),
  emotion: (row) => Number(row.dataset.kind),
  confidence: (row) => Number(row.dataset.confidence),
};

function sortBy(button) {
  const heading = button.closest("th");
  const falling = heading.getAttribute("aria-sort") === "ascending";
  for (const other of document.querySelectorAll("#segments th")) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", falling ? "descending" : "ascending");
  const value = VALUES[button.dataset.column], sign = falling ? -1 : 1;
  rows.sort((a, b) => sign * (value(a) - value(b)) || VALUES.from(a) - VALUES.from(b));
  document.querySelector("#segments tbody").append(...rows);
}

function filter() {
  const who = find("who") ? find("who").value : "", emotion = find("emotion").value;
  const silence = find("silence") && find("silence").checked;
  let shown = 0, all = 0;
  for (const row of rows) {
    const silent = data.looks[row.dataset.kind].label === "silence";
    row.hidden = (silent && !silence) || (who !== "" && row.dataset.track !== who) || (emotion !== "" && row.dataset.kind !== emotion);
    if (!silent || silence) all += 1;
    if (!row.hidden) shown += 1;
  }
  find("shown").textContent = `${shown} of ${all} segments`;
}

for (const button of document.querySelectorAll("#segments thead button")) {
  button.addEventListener("click", () => sortBy(button));
}
for (const id of ["who", "emotion", "silence"]) {
  if (find(id)) find(id).addEventListener("change", filter);
}
wave.setAttribute("aria-valuemax", data.duration_s);
filter();
setZoom(1);
new ResizeObserver(() => draw()).observe(wave);
