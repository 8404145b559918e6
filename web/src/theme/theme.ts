import { useSyncExternalStore } from 'react';

// The theme is the system's unless one was chosen. before-paint.js takes the choice first.
export type ThemeChoice = 'system' | 'light' | 'dark';

const key = 'aiusage-theme';
const darkSystem = matchMedia('(prefers-color-scheme: dark)');
const paper = matchMedia('print');
const listeners = new Set<() => void>();

export function chosenTheme(): ThemeChoice {
  const chosen = document.documentElement.dataset.theme;
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system';
}

export function chooseTheme(choice: ThemeChoice): void {
  const { dataset } = document.documentElement;
  if (choice === 'system') delete dataset.theme;
  else dataset.theme = choice;
  try {
    if (choice === 'system') localStorage.removeItem(key);
    else localStorage.setItem(key, choice);
  } catch {
    // Storage is forbidden: the choice holds for this page.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  darkSystem.addEventListener('change', listener);
  paper.addEventListener('change', listener);
  return () => {
    listeners.delete(listener);
    darkSystem.removeEventListener('change', listener);
    paper.removeEventListener('change', listener);
  };
}

export const useThemeChoice = () => useSyncExternalStore(subscribe, chosenTheme);

// useTheme returns what is drawn: canvases do not follow CSS and are drawn anew when it changes.
// Paper is light.
export function useTheme(): 'light' | 'dark' {
  return useSyncExternalStore(subscribe, () => {
    const choice = chosenTheme();
    if (paper.matches) return 'light';
    return choice === 'system' ? (darkSystem.matches ? 'dark' : 'light') : choice;
  });
}
