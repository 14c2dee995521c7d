/* Keeps the page, the library and the model, so that everything works offline. */
"use strict";

importScripts("files.js"); // AFFEKT: { version, files }, written with the folder

const PREFIX = `affekt ${self.registration.scope} `;
const CACHE = PREFIX + AFFEKT.version;
const HOME = new URL("./", self.registration.scope).href;
const KNOWN = new Set(AFFEKT.files.map((name) => new URL(name, HOME).href));

self.addEventListener("install", (event) => {
  // "no-cache" asks the server whether what the browser has is still right.
  const requests = [...KNOWN].map((url) => new Request(url, { cache: "no-cache" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(requests)));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => names.filter((name) => name.startsWith(PREFIX) && name !== CACHE))
      .then((old) => Promise.all(old.map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  url.search = "";
  url.hash = "";
  const address = url.href === HOME + "index.html" ? HOME : url.href;
  if (event.request.method !== "GET" || !KNOWN.has(address)) return; // not ours
  event.respondWith(
    caches
      .open(CACHE)
      .then((cache) => cache.match(address))
      .then((kept) => kept ?? fetch(event.request)),
  );
});
