// GraphiQL's tabs and settings under names of their own. Where storage is forbidden, nothing is kept.
const prefix = 'aiusage-';

export const storage: Storage = {
  get length() {
    return names().length;
  },
  key: (index) => names()[index] ?? null,
  getItem: (name) => attempt(() => localStorage.getItem(prefix + name), null),
  setItem: (name, value) => attempt(() => localStorage.setItem(prefix + name, value), undefined),
  removeItem: (name) => attempt(() => localStorage.removeItem(prefix + name), undefined),
  clear: () => names().forEach((name) => storage.removeItem(name)),
};

function names(): string[] {
  return attempt(() => Object.keys(localStorage).filter((name) => name.startsWith(`${prefix}graphiql:`)).map((name) => name.slice(prefix.length)), []);
}

function attempt<T>(ask: () => T, otherwise: T): T {
  try {
    return ask();
  } catch {
    return otherwise;
  }
}
