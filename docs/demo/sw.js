// Keeps the page's own files, so that it opens without a network. What it keeps, and of which version, build.py writes in.

const VERSION = "%VERSION%";
const FILES = ["%FILES%"];
const NAME = `hrkeras ${VERSION}`;

self.addEventListener("install", (event) => {
  const fresh = FILES.map((name) => new Request(name, { cache: "reload" }));
  event.waitUntil(
    caches
      .open(NAME)
      .then((cache) => cache.addAll(fresh))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  const others = async () =>
    Promise.all(
      (await caches.keys()).filter((name) => name.startsWith("hrkeras ") && name !== NAME).map((name) => caches.delete(name)),
    );
  event.waitUntil(others().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { method, url, mode } = event.request;
  if (method !== "GET" || new URL(url).origin !== self.location.origin) return;
  const wanted = mode === "navigate" ? new URL("./", self.location) : event.request;
  event.respondWith(
    caches
      .open(NAME)
      .then((cache) => cache.match(wanted))
      .then((known) => known ?? fetch(event.request)),
  );
});
