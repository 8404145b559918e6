// Eight colours and a grey for the rest: each has 3:1 on its background, and any two can be told
// apart with every kind of colour blindness. The order is that of the layers.
export const palettes = {
  light: ['#1162ed', '#cb7e57', '#176348', '#d41568', '#532a91', '#8d6314', '#0c9cc2', '#761d0f'],
  dark: ['#0d71ed', '#d28116', '#23b884', '#b22e8d', '#d5aaf6', '#dce44e', '#b2e3e1', '#c92339'],
};

export const rests = { light: '#767c85', dark: '#8b939d' };

export const papers = { light: '#ffffff', dark: '#14181d' };

export const inks = { light: { text: '#59616b', line: '#dfe3e8' }, dark: { text: '#a3abb5', line: '#2a3038' } };

export type Theme = keyof typeof palettes;

export const colorOf = (theme: Theme, place: number): string => palettes[theme][place] ?? rests[theme];
