import rollupsGuide from '../../../docs/rollups.md?url';
import { useCallback, useEffect, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { momentInWords } from '../format/dates';
import { inWhole } from '../format/numbers';
import { Notice } from '../parts/notice';
import { browserZone } from '../ranges/zones';
import { readStatus, type Status, type StatusResult } from './status';
import { calendarInWords, phaseInWords, summaryOf, waitingInWords } from './words';
import './page.css';

const pause = 5000; // milliseconds between two readings

// StatusPage says how the gateway is, for SystemAdministrators, and again every few seconds while it
// is looked at.
export function StatusPage() {
  const [result, setResult] = useState<StatusResult>();
  const [last, setLast] = useState<Status>();
  const read = useCallback(async () => {
    const found = await readStatus();
    setResult(found);
    if (found.kind === 'read') setLast(found.status);
  }, []);
  useEffect(() => {
    void read();
    const timer = setInterval(() => document.visibilityState === 'visible' && void read(), pause);
    return () => clearInterval(timer);
  }, [read]);
  return (
    <main className="page status-page">
      <div className="heading">
        <h1>Status of this gateway</h1>
        <p className="dim">{last && result?.kind !== 'forbidden' ? `As of ${momentInWords(last.asOf, browserZone())}` : '\u00a0'}</p>
      </div>
      {result?.kind === 'forbidden' && (
        <Notice title="This page is for system administrators."><span>Ask whoever administers the gateway for the role SystemAdministrator. <a href="/">To the usage</a></span></Notice>
      )}
      {result?.kind === 'fault' && (
        <div className="panel notice bad padded" role="alert"><strong>{result.message}</strong><Button className="button" onPress={() => void read()}>Try again</Button></div>
      )}
      {last && result?.kind !== 'forbidden' && <Facts status={last} />}
    </main>
  );
}

const signs = { good: '●', fair: '◐', bad: '▲' };

function Facts({ status }: { status: Status }) {
  const { health, title, text } = summaryOf(status);
  const zone = browserZone();
  return (
    <>
      <section className={`panel padded status-summary ${health}`} aria-label="Summary" role="status">
        <span className="status-sign" aria-hidden="true">{signs[health]}</span>
        <div><h2>{title}</h2><p>{text}</p></div>
      </section>
      <section className="panel padded" aria-label="Sums">
        <h2>Sums</h2>
        <dl className="facts">
          <Fact name="Phase">{phaseInWords(status.phase)}</Fact>
          <Fact name="Changes waiting">{waitingInWords(status.pendingChanges, status.lagSeconds)}</Fact>
          {status.calendars.map(({ timeZone, phase }) => <Fact key={timeZone} name={`Days of ${timeZone}`}>{calendarInWords(phase)}</Fact>)}
          {status.filledTo && <Fact name="Filled to">{momentInWords(status.filledTo, zone)}</Fact>}
          {status.former && status.reads !== 'former rollups' && <Fact name="Earlier version">Its sums are kept as well, until none of its gateways is running</Fact>}
          {status.sessionsKeptFrom && <Fact name="Sessions kept from">{momentInWords(status.sessionsKeptFrom, zone)}</Fact>}
          {status.undatedSessions > 0 && <Fact name="Without a start that can be read">{inWhole(status.undatedSessions)} sessions; they count in reports without a range only</Fact>}
        </dl>
      </section>
      <section className="panel padded" aria-label="This gateway">
        <h2>This gateway</h2>
        <dl className="facts">
          <Fact name="Version">{status.version}</Fact>
          <Fact name="Database">{status.database}</Fact>
          <Fact name="Running since">{momentInWords(status.started, zone)}</Fact>
          <Fact name="Live streams open">{inWhole(status.streams)}</Fact>
        </dl>
      </section>
      <p className="dim">
        <a href={rollupsGuide} target="_blank" rel="noreferrer">What sums are, and how to look after them</a> · <code>aiusage rollup status</code> says the same on the command
        line, <a href="/status.json">/status.json</a> for programs, and <a href="/metrics">/metrics</a> for Prometheus.
      </p>
    </>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return <div><dt>{name}</dt><dd className="numbers">{children}</dd></div>;
}
