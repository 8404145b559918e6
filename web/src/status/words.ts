import { inWhole } from '../format/numbers';
import type { Status } from './status';

// What operators are told of a status, with what to do about it.

export type Health = 'good' | 'fair' | 'bad';

export function summaryOf(status: Status): { health: Health; title: string; text: string } {
  if (status.stuck) return { health: 'bad', title: 'Reports are exact, but get slower', text: `${status.stuck}.` };
  if (status.distrusted) return { health: 'bad', title: 'Reports read single sessions', text: `The sums were found to differ from the sessions${status.reason ? `: ${status.reason}` : ''}. They are not read until that has been settled.` };
  switch (status.reads) {
    case 'rollups':
      return { health: 'good', title: 'Reports read sums', text: 'They are kept current, and what is not in them yet is added from the changes.' };
    case 'former rollups':
      return { health: 'fair', title: 'Reports read the sums of an earlier version', text: 'That lasts until those of this version are filled.' };
    default:
      return status.phase === 'filling'
        ? { health: 'fair', title: 'Reports read single sessions', text: 'That lasts until the sums are filled.' }
        : { health: 'fair', title: 'Reports read single sessions', text: `Answers are the same, and take longer the more sessions there are${status.reason ? `: ${status.reason}` : ''}.` };
  }
}

const phases: Record<string, string> = {
  ready: 'Ready: sums are there and kept current',
  filling: 'Filling: sums of what was there before are being made',
  raw: 'Raw: there are no sums',
};

export const phaseInWords = (phase: string): string => phases[phase] ?? phase;

const calendarPhases: Record<string, string> = {
  ready: 'has sums',
  filling: 'is being summed up',
  leaving: 'has sums that are being deleted',
  stale: 'begins elsewhere than when it was summed up; run the migrate command',
};

export const calendarInWords = (phase: string): string => calendarPhases[phase] ?? phase;

// waitingInWords says how many changes wait, and the oldest since when.
export function waitingInWords(pending: number, lagSeconds: number): string {
  if (pending === 0) return 'None';
  const [length, unit] = lagSeconds < 120 ? [lagSeconds, 's'] : lagSeconds < 7200 ? [lagSeconds / 60, 'minutes'] : [lagSeconds / 3600, 'hours'];
  return `${inWhole(pending)}, the oldest for ${Math.round(length)} ${unit}`;
}
