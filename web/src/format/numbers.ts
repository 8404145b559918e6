import type { AiUsageMeasure } from '../generated/graphql';

export interface Amount {
  aiMinutes: number;
  aiSeconds: number;
  sessions: number;
}

const members: Record<AiUsageMeasure, keyof Amount> = { AI_MINUTES: 'aiMinutes', AI_SECONDS: 'aiSeconds', SESSIONS: 'sessions' };

export const measureNames: Record<AiUsageMeasure, { long: string; short: string }> = {
  AI_MINUTES: { long: 'AI minutes', short: 'Minutes' },
  AI_SECONDS: { long: 'AI seconds', short: 'Seconds' },
  SESSIONS: { long: 'Sessions', short: 'Sessions' },
};

export const valueOf = (amount: Amount, measure: AiUsageMeasure): number => amount[members[measure]];

const whole = new Intl.NumberFormat();
const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(undefined, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });

export const inWhole = (value: number) => whole.format(value);
const signed = new Intl.NumberFormat(undefined, { signDisplay: 'exceptZero' });

// differenceInWords writes how much more there is now, with its sign.
export const differenceInWords = (now: number, before: number | undefined) => (before === undefined ? '–' : signed.format(now - before));

export const inShort = (value: number) => compact.format(value);

// shareInWords writes a part of 1; null, where the whole is 0, is a dash. What is little is not nothing.
export function shareInWords(share: number | null): string {
  if (share === null) return '–';
  return share > 0 && share < 0.0005 ? `< ${percent.format(0.001)}` : percent.format(share);
}

export type Change = { kind: 'same' | 'new' | 'none' } | { kind: 'up' | 'down'; by: string };

// changeOf compares with what was before. From nothing there is no percentage.
export function changeOf(now: number, before: number | undefined): Change {
  if (before === undefined) return { kind: 'none' };
  if (before === 0) return { kind: now === 0 ? 'same' : 'new' };
  const by = percent.format(Math.abs(now - before) / before);
  if (by === percent.format(0)) return { kind: 'same' };
  return { kind: now > before ? 'up' : 'down', by };
}

export function changeInWords(change: Change): string {
  switch (change.kind) {
    case 'up':
      return `▲ ${change.by}`;
    case 'down':
      return `▼ ${change.by}`;
    case 'new':
      return 'new';
    case 'same':
      return `± ${percent.format(0)}`;
    default:
      return '–';
  }
}
