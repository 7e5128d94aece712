// Keeps the person's file between visits, in this browser, if they ask for it.

const [NAME, PLACE, KEY] = ["hrkeras", "kept", "athlete.json"];

/** Does one thing with the browser's database. */
function use(mode, what) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(PLACE);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction(PLACE, mode);
      const request = what(transaction.objectStore(PLACE));
      transaction.oncomplete = () => (opening.result.close(), resolve(request.result));
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    };
  });
}

/** The text that is kept, undefined if none is. */
export const load = () => use("readonly", (store) => store.get(KEY)).catch(() => undefined);
export const keep = (text) => use("readwrite", (store) => store.put(text, KEY));
export const forget = () => use("readwrite", (store) => store.delete(KEY));
