import type { ReactNode } from 'react';
import { changeInWords, changeOf, inWhole, type Amount } from '../format/numbers';
import './cards.css';

interface CardsProps {
  totals: Amount;
  before: Amount | undefined;
  // count is of how many accounts or customers; its value is undefined while that is asked.
  count: { name: string; value: number | undefined } | undefined;
}

export function Cards({ totals, before, count }: CardsProps) {
  const compared = (now: number, then: number | undefined) =>
    then === undefined ? '\u00a0' : <><b>{changeInWords(changeOf(now, then))}</b> from {inWhole(then)}</>;
  return (
    <div className="cards">
      <Card name="AI minutes" value={inWhole(totals.aiMinutes)}>{compared(totals.aiMinutes, before?.aiMinutes)}</Card>
      <Card name="AI seconds" value={inWhole(totals.aiSeconds)}>{compared(totals.aiSeconds, before?.aiSeconds)}</Card>
      <Card name="Sessions" value={inWhole(totals.sessions)}>{compared(totals.sessions, before?.sessions)}</Card>
      {count && <Card name={count.name} value={count.value === undefined ? '…' : inWhole(count.value)}>in this range</Card>}
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
