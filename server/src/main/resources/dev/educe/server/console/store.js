// What this browser keeps: conversations in IndexedDB, settings in localStorage.

const STORE = 'conversations';

const database = new Promise((resolve, reject) => {
  const opening = indexedDB.open('educe', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: 'id' });
  opening.onsuccess = () => resolve(opening.result);
  opening.onerror = () => reject(opening.error);
});
database.catch(() => {}); // told to whoever asks

async function run(mode, action) {
  const store = (await database).transaction(STORE, mode).objectStore(STORE);
  return new Promise((resolve, reject) => {
    const request = action(store);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** All conversations, the last one changed first. */
export async function conversations() {
  const all = await run('readonly', (store) => store.getAll());
  return all.sort((a, b) => b.changed - a.changed);
}

export const keep = (conversation) => run('readwrite', (store) => store.put(conversation));
export const forget = (id) => run('readwrite', (store) => store.delete(id));
export const forgetAll = () => run('readwrite', (store) => store.clear());

/** A value under a name, or what to take where there is none. */
export function setting(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(`educe.${name}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function set(name, value) {
  localStorage.setItem(`educe.${name}`, JSON.stringify(value));
}
