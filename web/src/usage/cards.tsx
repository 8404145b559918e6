import type { ReactNode } from 'react';
import { spanInWords, type Span } from '../format/dates';
import { changeInWords, changeOf, inWhole, type Amount } from '../format/numbers';
import './cards.css';

interface CardsProps {
  totals: Amount;
  before: Amount | undefined;
  // span is what the totals are compared with.
  span: Span | undefined;
  zone: string;
  count: { name: string; value: number } | undefined;
}

export function Cards({ totals, before, span, zone, count }: CardsProps) {
  const against = span && `against ${spanInWords(span, zone, 'short', false)}`;
  const compared = (now: number, then: number | undefined) => {
    const change = changeOf(now, then);
    return change.kind === 'none' || !against ? ' ' : <><b>{changeInWords(change)}</b> {against}</>;
  };
  return (
    <div className="cards">
      <Card name="AI minutes" value={inWhole(totals.aiMinutes)}>{compared(totals.aiMinutes, before?.aiMinutes)}</Card>
      <Card name="AI seconds" value={inWhole(totals.aiSeconds)}>{compared(totals.aiSeconds, before?.aiSeconds)}</Card>
      <Card name="Sessions" value={inWhole(totals.sessions)}>{compared(totals.sessions, before?.sessions)}</Card>
      {count && <Card name={count.name} value={inWhole(count.value)}>in this range</Card>}
    </div>
  );
}

function Card({ name, value, children }: { name: string; value: string; children: ReactNode }) {
  return (
    <section className="panel card" aria-label={name}>
      <h2>{name}</h2>
      <p className="card-value numbers">{value}</p>
      <p className="card-change dim">{children}</p>
    </section>
  );
}
