import { useSyncExternalStore } from 'react';

// Whether the stream that tells of changes is open. There is one for each tab.
export type ConnectionState = 'opening' | 'live' | 'lost';

let state: ConnectionState = 'opening';
const listeners = new Set<() => void>();

export const connection = {
  set(next: ConnectionState) {
    if (next === state) return;
    state = next;
    for (const listener of listeners) listener();
  },
};

export function useConnection(): ConnectionState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}
