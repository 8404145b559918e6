// Prints this month's usage by account. The environment says whom to ask:
//
//   AIUSAGE_URL         the gateway (http://127.0.0.1:8080/graphql)
//   AIUSAGE_KEY         an API key, or instead of it
//   AIUSAGE_USER        a user and
//   AIUSAGE_PASSWORD    the password
//   AIUSAGE_TIME_ZONE   where the month begins (the gateway's time zone)
//   AIUSAGE_PERSISTED   1 names documents instead of sending them
import { ask, basic, bearer, UsageError, type Connection } from './client.js';
import { MonthDocument, type AccountRowFragment, type MonthQuery } from './generated/graphql.js';

/** Few, so that the sample data has several pages. */
const pageSize = 5;

async function printMonth(connection: Connection, timeZone: string | null): Promise<void> {
  let asOf: string | undefined;
  for await (const month of pages(connection, timeZone)) {
    if (asOf === undefined) {
      const before = month.previous?.totals.aiMinutes ?? 0;
      console.log(`${month.from} to ${month.to} (${month.timeZone}), as of ${month.asOf}`);
      console.log(`${month.totals.aiMinutes} AI minutes in ${month.totals.sessions} sessions; ${before} the month before\n`);
    } else if (asOf !== month.asOf) {
      // The gateway no longer has the report that the cursor came from.
      console.log(`(from here on as of ${month.asOf})`);
    }
    asOf = month.asOf;
    // A row that is null could not be answered; the error says why.
    month.accountUsageConnection?.nodes.forEach((row) => row && console.log(line(row, month.asOf)));
  }
}

/** The report with the first page of accounts, with the next one, and so on. */
async function* pages(connection: Connection, timeZone: string | null) {
  let after: string | null = null;
  do {
    const answer: MonthQuery = await ask(connection, MonthDocument, { first: pageSize, after, timeZone });
    if (!answer.aiUsage) return;
    yield answer.aiUsage;
    const page = answer.aiUsage.accountUsageConnection?.pageInfo;
    after = page?.hasNextPage ? page.endCursor : null;
  } while (after);
}

/** One account: name, minutes, part of the whole, difference to the month before, days. */
function line(row: AccountRowFragment, asOf: string): string {
  const name = row.account.name ?? row.account.accountId;
  const share = row.share === null ? '' : `${(100 * row.share).toFixed(1)} %`;
  const change = row.previous ? row.minutes - row.previous.aiMinutes : 0;
  return [
    name.padEnd(26),
    String(row.minutes).padStart(8),
    share.padStart(7),
    `${change < 0 ? '' : '+'}${change}`.padStart(8),
    ' ',
    sparkline(row.series ?? [], asOf),
  ].join(' ');
}

/** A bar for each day; the day that is not over is a dot. Days to come are left out. */
function sparkline(days: NonNullable<AccountRowFragment['series']>, asOf: string): string {
  const bars = '▁▂▃▄▅▆▇█';
  const most = Math.max(1, ...days.map((day) => day.aiMinutes));
  const bar = (minutes: number) => bars[Math.round((minutes / most) * (bars.length - 1))];
  return days
    .filter((day) => Date.parse(day.from) <= Date.parse(asOf))
    .map((day) => (day.partial ? '·' : bar(day.aiMinutes)))
    .join('');
}

/** What a person is told; a page would lead to its sign-in, or mark the field at fault. */
function explain(error: UsageError): string {
  switch (error.code) {
    case 'UNAUTHENTICATED':
      return 'Sign in: set AIUSAGE_KEY, or AIUSAGE_USER and AIUSAGE_PASSWORD.';
    case 'BAD_USER_INPUT':
      return [error.message, ...error.accepted.map((form) => `  accepted: ${form}`)].join('\n');
    case 'TOO_MANY_REQUESTS':
    case 'SERVICE_UNAVAILABLE':
    case 'STALE':
      return `${error.message}. Try again in ${error.retryAfter ?? 5} seconds.`;
    default:
      return `${error.code}: ${error.message} (request ${error.requestId ?? 'without an id'})`;
  }
}

const environment = process.env;
const connection: Connection = {
  url: environment['AIUSAGE_URL'] ?? 'http://127.0.0.1:8080/graphql',
  authorization: environment['AIUSAGE_KEY']
    ? bearer(environment['AIUSAGE_KEY'])
    : basic(environment['AIUSAGE_USER'] ?? '', environment['AIUSAGE_PASSWORD'] ?? ''),
  persisted: environment['AIUSAGE_PERSISTED'] === '1',
};

try {
  await printMonth(connection, environment['AIUSAGE_TIME_ZONE'] ?? null);
} catch (error) {
  console.error(error instanceof UsageError ? explain(error) : error);
  process.exitCode = 1;
}
