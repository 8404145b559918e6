import { useEffect, useRef } from 'react';

// useKept returns a value, or the last one there was while there is none, so that what is shown
// stays until the next answer. Another scope forgets it.
export function useKept<T>(value: T | undefined, scope: string): T | undefined {
  const kept = useRef<{ scope: string; value: T }>(undefined);
  useEffect(() => {
    if (value !== undefined) kept.current = { scope, value };
  }, [value, scope]);
  return value ?? (kept.current?.scope === scope ? kept.current.value : undefined);
}
