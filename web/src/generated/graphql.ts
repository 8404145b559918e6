/* eslint-disable */
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
export type Maybe<T> = T | null;
export type InputMaybe<T> = T | null | undefined;
export type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
export type MakeOptional<T, K extends keyof T> = Omit<T, K> & { [SubKey in K]?: Maybe<T[SubKey]> };
export type MakeMaybe<T, K extends keyof T> = Omit<T, K> & { [SubKey in K]: Maybe<T[SubKey]> };
export type MakeEmpty<T extends { [key: string]: unknown }, K extends keyof T> = { [_ in K]?: never };
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** A calendar day, such as `2026-03-01`: a full date of RFC 3339. */
  Date: { input: string; output: string; }
  /** An instant in RFC 3339, such as `2026-03-01T00:00:00+01:00`, with the offset of the report's time zone. Any offset is taken as input, and up to nine digits of a second. */
  DateTime: { input: string; output: string; }
  /**
   * A whole number of up to 64 bits, as a JSON number. JavaScript represents it exactly up to
   * 9,007,199,254,740,991; for more, ask for text: a request with the extension
   * `{"int64": "text"}` is answered with all such numbers as strings. Both are taken as input.
   */
  Int64: { input: number; output: number; }
};

/** The usage of one account. */
export type AiAccountUsage = Node & {
  /** The account, with its name. */
  account: Account;
  /** The account's id. */
  accountId: Scalars['ID']['output'];
  /** `minutes`, in 32 bits. A sum that does not fit in them is an error on this field, and the row is null. */
  aiMinutes: Scalars['Int']['output'];
  /** The unrounded sum of the sessions' durations, in seconds. */
  aiSeconds: Scalars['Int64']['output'];
  /** The account's usage in the time of `AIUsage.compareTo`. */
  compareTo: Maybe<AiUsageTotals>;
  /** This account's rows of the report's `customerUsage`. */
  customerUsage: Maybe<Array<AiCustomerUsage>>;
  /** Names the row: the report and the account. */
  id: Scalars['ID']['output'];
  /**
   * The account's AI minutes: the sum of those of its customers and of its sessions
   * without a customer.
   */
  minutes: Scalars['Int64']['output'];
  /** The account's usage in the time of `AIUsage.previous`. Null when the range has no start or no end. */
  previous: Maybe<AiUsageTotals>;
  /** The account's usage over time, as `AIUsage.series` has that of the whole report. */
  series: Maybe<Array<AiUsagePoint>>;
  /** The number of sessions. */
  sessions: Scalars['Int64']['output'];
  /** The sessions that the row adds up, as `AIUsage.sessionsConnection` has those of the whole report. */
  sessionsConnection: Maybe<AiSessionConnection>;
  /** This row's part of the report's `totals`, from 0 to 1. Null when that total is 0. */
  share: Maybe<Scalars['Float']['output']>;
  /** The part of this row that belongs to no customer. The rest is exactly the sum of the account's rows in `customerUsage`. */
  withoutCustomer: AiUsageTotals;
};


/** The usage of one account. */
export type AiAccountUsageCompareToArgs = {
  endDate?: InputMaybe<Scalars['String']['input']>;
  period?: InputMaybe<AiUsagePeriod>;
  range?: InputMaybe<AiUsageRange>;
  startDate?: InputMaybe<Scalars['String']['input']>;
};


/** The usage of one account. */
export type AiAccountUsageCustomerUsageArgs = {
  compare?: InputMaybe<AiUsageComparison>;
  filter?: InputMaybe<AiUsageFilter>;
  include?: AiUsageInclude;
};


/** The usage of one account. */
export type AiAccountUsagePreviousArgs = {
  elapsed?: Scalars['Boolean']['input'];
  shift?: AiUsageShift;
};


/** The usage of one account. */
export type AiAccountUsageSeriesArgs = {
  fillZero?: Scalars['Boolean']['input'];
  granularity: AiUsageGranularity;
};


/** The usage of one account. */
export type AiAccountUsageSessionsConnectionArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


/** The usage of one account. */
export type AiAccountUsageShareArgs = {
  of?: AiUsageMeasure;
};

/** A page of accounts' rows. */
export type AiAccountUsageConnection = {
  /** The rows of the page with their cursors. */
  edges: Array<AiAccountUsageEdge>;
  /** The rows of the page. One with an error in a field that cannot be null is null. */
  nodes: Array<Maybe<AiAccountUsage>>;
  /** Where the page stands among the others. */
  pageInfo: PageInfo;
  /** The number of rows on all pages. */
  totalCount: Scalars['Int']['output'];
};

/** An account's row with its cursor. */
export type AiAccountUsageEdge = {
  /** The place of the row, for `after` and `before`. */
  cursor: Scalars['String']['output'];
  /** The row; null where a field that cannot be null is in error. */
  node: Maybe<AiAccountUsage>;
};

/** The usage of one customer of an account. */
export type AiCustomerUsage = Node & {
  /** The customer's account, with its name. */
  account: Account;
  /** The id of the customer's account. */
  accountId: Scalars['ID']['output'];
  /** `minutes`, in 32 bits. A sum that does not fit in them is an error on this field, and the row is null. */
  aiMinutes: Scalars['Int']['output'];
  /** The unrounded sum of the sessions' durations, in seconds. */
  aiSeconds: Scalars['Int64']['output'];
  /** The customer's usage in the time of `AIUsage.compareTo`. */
  compareTo: Maybe<AiUsageTotals>;
  /** The customer, with its name. */
  customer: Customer;
  /** The customer's id, which is unique within its account only. */
  customerId: Scalars['ID']['output'];
  /** Names the row: the report, the account and the customer. */
  id: Scalars['ID']['output'];
  /** The customer's AI minutes. */
  minutes: Scalars['Int64']['output'];
  /** The customer's usage in the time of `AIUsage.previous`. Null when the range has no start or no end. */
  previous: Maybe<AiUsageTotals>;
  /** The customer's usage over time, as `AIUsage.series` has that of the whole report. */
  series: Maybe<Array<AiUsagePoint>>;
  /** The number of sessions. */
  sessions: Scalars['Int64']['output'];
  /** The sessions that the row adds up, as `AIUsage.sessionsConnection` has those of the whole report. */
  sessionsConnection: Maybe<AiSessionConnection>;
  /** This row's part of the report's `totals`, from 0 to 1. Null when that total is 0. */
  share: Maybe<Scalars['Float']['output']>;
};


/** The usage of one customer of an account. */
export type AiCustomerUsageCompareToArgs = {
  endDate?: InputMaybe<Scalars['String']['input']>;
  period?: InputMaybe<AiUsagePeriod>;
  range?: InputMaybe<AiUsageRange>;
  startDate?: InputMaybe<Scalars['String']['input']>;
};


/** The usage of one customer of an account. */
export type AiCustomerUsagePreviousArgs = {
  elapsed?: Scalars['Boolean']['input'];
  shift?: AiUsageShift;
};


/** The usage of one customer of an account. */
export type AiCustomerUsageSeriesArgs = {
  fillZero?: Scalars['Boolean']['input'];
  granularity: AiUsageGranularity;
};


/** The usage of one customer of an account. */
export type AiCustomerUsageSessionsConnectionArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


/** The usage of one customer of an account. */
export type AiCustomerUsageShareArgs = {
  of?: AiUsageMeasure;
};

/** A page of customers' rows. */
export type AiCustomerUsageConnection = {
  /** The rows of the page with their cursors. */
  edges: Array<AiCustomerUsageEdge>;
  /** The rows of the page. One with an error in a field that cannot be null is null. */
  nodes: Array<Maybe<AiCustomerUsage>>;
  /** Where the page stands among the others. */
  pageInfo: PageInfo;
  /** The number of rows on all pages. */
  totalCount: Scalars['Int']['output'];
};

/** A customer's row with its cursor. */
export type AiCustomerUsageEdge = {
  /** The place of the row, for `after` and `before`. */
  cursor: Scalars['String']['output'];
  /** The row; null where a field that cannot be null is in error. */
  node: Maybe<AiCustomerUsage>;
};

/** One AI conversation. */
export type AiSession = Node & {
  /** The account that it is billed to. */
  account: Account;
  /** Its AI minutes: its duration rounded up to the whole minute. Those of the sessions are added up, and not rounded once more. */
  aiMinutes: Scalars['Int64']['output'];
  /** The customer of the account whose session it is; null where there is none. */
  customer: Maybe<Customer>;
  /** How long it was, in whole seconds. */
  durationSeconds: Scalars['Int64']['output'];
  /** Names the session among everything that has an id. */
  id: Scalars['ID']['output'];
  /** By how many seconds rounding up has made it longer: 60 for each of its AI minutes, less its duration. */
  roundedUpSeconds: Scalars['Int64']['output'];
  /** The session's id, as the platform has it. */
  sessionId: Scalars['ID']['output'];
  /** When it started; null where what was recorded is no instant. It counts wholly where it started. */
  startedAt: Maybe<Scalars['DateTime']['output']>;
};

/** A page of sessions. */
export type AiSessionConnection = {
  /** The sessions of the page with their cursors. */
  edges: Array<AiSessionEdge>;
  /** The sessions of the page. */
  nodes: Array<AiSession>;
  /** Where the page stands among the others. */
  pageInfo: PageInfo;
};

/** A session with its cursor. */
export type AiSessionEdge = {
  /** The place of the session, for `after` and `before`. */
  cursor: Scalars['String']['output'];
  /** The session. */
  node: AiSession;
};

/**
 * The answer to a question about usage. All of it is of one state of the database, so
 * its parts agree; a page that continues an earlier one is the exception
 * (`accountUsageConnection`).
 */
export type AiUsage = Node & {
  /** One row for each account with at least one session in the range, ordered by account id. */
  accountUsage: Maybe<Array<AiAccountUsage>>;
  /**
   * The rows of `accountUsage` page by page, in an order of your choice.
   *
   * A cursor belongs to the list it came from: the connection with its range, filters, order
   * and comparison. Any other refuses it. While the gateway keeps the report, which is for
   * some minutes, the next page is of the same report, whatever has been recorded since,
   * and so are the other rows and totals, and the comparison of `compare`: `asOf` stays the
   * same. Only `series`, other comparisons and names are read anew, and may be newer. After
   * that the page continues at the same place of a new report, with a new `asOf`. So it
   * does where another connection beside it does not continue the same report.
   */
  accountUsageConnection: Maybe<AiAccountUsageConnection>;
  /**
   * The instant, by the database's clock, up to which all that was stored is in the report: that at which it was read, or an
   * earlier one where the gateway asks a replica.
   */
  asOf: Scalars['DateTime']['output'];
  /** The same report for any other range, to compare with; without arguments, for all of time. */
  compareTo: Maybe<AiUsage>;
  /**
   * One row for each customer with at least one session in the range, ordered by account
   * id, then customer id. Sessions without a customer are in `accountUsage` only.
   */
  customerUsage: Maybe<Array<AiCustomerUsage>>;
  /** The rows of `customerUsage` page by page, as `accountUsageConnection` has those of `accountUsage`. */
  customerUsageConnection: Maybe<AiCustomerUsageConnection>;
  /**
   * What the change against another range is made of: the accounts, customers, hours of the day or weekdays with usage in
   * either range, those first that changed most, and the rest. They add up to the whole change. Null where there is
   * nothing to compare with, as `previous` is.
   */
  drivers: Maybe<AiUsageDrivers>;
  /** The first instant of the range, inclusive, as the dates were understood; null when it starts at the beginning. */
  from: Maybe<Scalars['DateTime']['output']>;
  /**
   * Names the report: its range, time zone and filters as they were understood, so that `TODAY` has another id tomorrow.
   * It says neither who asks nor when: the same id may be read in another state (`asOf`).
   */
  id: Scalars['ID']['output'];
  /** How the answer was read. */
  plan: AiUsagePlan;
  /**
   * The report for the time before this one, to compare with: unless `shift` says otherwise
   * the time just before, as many calendar months where the range is made up of whole
   * months (March compares with February, a year with the year before), otherwise as many
   * days where it is made up of whole days, otherwise as much time. Null when the range has
   * no start or no end, or is empty.
   */
  previous: Maybe<AiUsage>;
  /**
   * The instant from which single sessions are kept; null where all are. Before it, ranges and
   * the points of a series begin and end on full hours of UTC.
   */
  retainedFrom: Maybe<Scalars['DateTime']['output']>;
  /**
   * The usage over time: one point for each hour, day, week and so on of the range, on the
   * calendar of the report's time zone. A range without a start has points from the hour of
   * the first usage of the report on, and one without an end has them up to now, or to the
   * last usage where that is later. The points add up to `totals`.
   */
  series: Maybe<Array<AiUsagePoint>>;
  /**
   * The sessions that the report adds up, one by one, in the order of their starts. A page goes on from its cursor in what there
   * is then: no session comes twice, and none is missed that was there when the first page was read. Once single sessions have
   * been dropped, it is an error where the range begins before `AIUsage.retainedFrom`.
   */
  sessionsConnection: Maybe<AiSessionConnection>;
  /** The IANA name of the time zone in which the dates were understood. */
  timeZone: Scalars['String']['output'];
  /** The instant at which the range ends, exclusive; null when it has no end. */
  to: Maybe<Scalars['DateTime']['output']>;
  /** The sum over all accounts of the report. */
  totals: AiUsageTotals;
};


/**
 * The answer to a question about usage. All of it is of one state of the database, so
 * its parts agree; a page that continues an earlier one is the exception
 * (`accountUsageConnection`).
 */
export type AiUsageAccountUsageArgs = {
  compare?: InputMaybe<AiUsageComparison>;
  filter?: InputMaybe<AiUsageFilter>;
  include?: AiUsageInclude;
};


/**
 * The answer to a question about usage. All of it is of one state of the database, so
 * its parts agree; a page that continues an earlier one is the exception
 * (`accountUsageConnection`).
 */
export type AiUsageAccountUsageConnectionArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  compare?: InputMaybe<AiUsageComparison>;
  filter?: InputMaybe<AiUsageFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  include?: AiUsageInclude;
  last?: InputMaybe<Scalars['Int']['input']>;
  orderBy?: InputMaybe<AiUsageOrder>;
};


/**
 * The answer to a question about usage. All of it is of one state of the database, so
 * its parts agree; a page that continues an earlier one is the exception
 * (`accountUsageConnection`).
 */
export type AiUsageCompareToArgs = {
  endDate?: InputMaybe<Scalars['String']['input']>;
  period?: InputMaybe<AiUsagePeriod>;
  range?: InputMaybe<AiUsageRange>;
  startDate?: InputMaybe<Scalars['String']['input']>;
};


/**
 * The answer to a question about usage. All of it is of one state of the database, so
 * its parts agree; a page that continues an earlier one is the exception
 * (`accountUsageConnection`).
 */
export type AiUsageCustomerUsageArgs = {
  compare?: InputMaybe<AiUsageComparison>;
  filter?: InputMaybe<AiUsageFilter>;
  include?: AiUsageInclude;
};


/**
 * The answer to a question about usage. All of it is of one state of the database, so
 * its parts agree; a page that continues an earlier one is the exception
 * (`accountUsageConnection`).
 */
export type AiUsageCustomerUsageConnectionArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  compare?: InputMaybe<AiUsageComparison>;
  filter?: InputMaybe<AiUsageFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  include?: AiUsageInclude;
  last?: InputMaybe<Scalars['Int']['input']>;
  orderBy?: InputMaybe<AiUsageOrder>;
};


/**
 * The answer to a question about usage. All of it is of one state of the database, so
 * its parts agree; a page that continues an earlier one is the exception
 * (`accountUsageConnection`).
 */
export type AiUsageDriversArgs = {
  by: AiUsageDimension;
  compare?: InputMaybe<AiUsageComparison>;
  first?: Scalars['Int']['input'];
  of?: AiUsageMeasure;
};


/**
 * The answer to a question about usage. All of it is of one state of the database, so
 * its parts agree; a page that continues an earlier one is the exception
 * (`accountUsageConnection`).
 */
export type AiUsagePreviousArgs = {
  elapsed?: Scalars['Boolean']['input'];
  shift?: AiUsageShift;
};


/**
 * The answer to a question about usage. All of it is of one state of the database, so
 * its parts agree; a page that continues an earlier one is the exception
 * (`accountUsageConnection`).
 */
export type AiUsageSeriesArgs = {
  fillZero?: Scalars['Boolean']['input'];
  granularity: AiUsageGranularity;
};


/**
 * The answer to a question about usage. All of it is of one state of the database, so
 * its parts agree; a page that continues an earlier one is the exception
 * (`accountUsageConnection`).
 */
export type AiUsageSessionsConnectionArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};

/** What a report is compared with: its own range some way back (`AIUsage.previous`), or any other (`AIUsage.compareTo`). */
export type AiUsageComparison = {
  /** Where the range is not over, only the part that has elapsed is compared. */
  elapsed?: InputMaybe<Scalars['Boolean']['input']>;
  /** Where another range ends. */
  endDate?: InputMaybe<Scalars['String']['input']>;
  /** Another range by its name. */
  period?: InputMaybe<AiUsagePeriod>;
  /** Another range that says of which kind it is, instead of `startDate`, `endDate` and `period`. */
  range?: InputMaybe<AiUsageRange>;
  /** How far back the other range is. Absent, as far as `PERIOD`. */
  shift?: InputMaybe<AiUsageShift>;
  /** Where another range starts. Together with `shift` or `elapsed` it is an error, as are the two below. */
  startDate?: InputMaybe<Scalars['String']['input']>;
};

/** Calendar days in the time zone, both of them included. */
export type AiUsageDays = {
  /** The first day; absent, the beginning. */
  from?: InputMaybe<Scalars['Date']['input']>;
  /** The last day; absent, there is no end. */
  to?: InputMaybe<Scalars['Date']['input']>;
};

/** What a change of usage is told apart by. */
export type AiUsageDimension =
  /** Each account. */
  | 'ACCOUNT'
  /** Each customer of each account, and what belongs to none in each account. */
  | 'CUSTOMER'
  /** The hours of the day on the clocks of the report's time zone. */
  | 'HOUR_OF_DAY'
  /** The days of the week on the calendar of the report's time zone. */
  | 'WEEKDAY';

/** A part of a change of usage. */
export type AiUsageDriver = {
  /** The account, by `ACCOUNT` and by `CUSTOMER`; otherwise null. */
  account: Maybe<Account>;
  /** `current` less `previous`. */
  change: Scalars['Int64']['output'];
  /** The usage in the range of the report. */
  current: Scalars['Int64']['output'];
  /** The customer, by `CUSTOMER`; null for what belongs to none of the account's customers, and otherwise. */
  customer: Maybe<Customer>;
  /**
   * The hour that the clocks of the report's time zone show, from 0 to 23, by `HOUR_OF_DAY`; otherwise null, as for sessions whose
   * start is no instant, which only a report without any range has.
   */
  hour: Maybe<Scalars['Int']['output']>;
  /** The usage in the range that is compared with. */
  previous: Scalars['Int64']['output'];
  /** Whether there are sessions in both ranges, or in which of them. */
  status: AiUsageDriverStatus;
  /** The day of the week, by `WEEKDAY`; otherwise null, as `hour` is. */
  weekday: Maybe<Weekday>;
};

/** In which of two ranges a part of a change has sessions. */
export type AiUsageDriverStatus =
  /** In the range of the report only. */
  | 'BEGUN'
  /** In both. */
  | 'CONTINUED'
  /** In the range that is compared with only. */
  | 'STOPPED';

/** What a change of usage is made of. */
export type AiUsageDrivers = {
  /** What the change is told apart by. */
  by: AiUsageDimension;
  /** `current` less `previous`. */
  change: Scalars['Int64']['output'];
  /** The usage in the range of the report. */
  current: Scalars['Int64']['output'];
  /**
   * The parts that changed most, in either direction, the largest change first. Those that changed by as much are ordered by
   * account id and customer id, by the hour, or from Monday on.
   */
  largest: Array<AiUsageDriver>;
  /** What is measured. */
  of: AiUsageMeasure;
  /** The usage in the range that is compared with. */
  previous: Scalars['Int64']['output'];
  /** All other parts together. */
  rest: AiUsageDriversRest;
};

/** The parts of a change that are not named, together. */
export type AiUsageDriversRest = {
  /** `current` less `previous`. */
  change: Scalars['Int64']['output'];
  /** How many they are. */
  count: Scalars['Int']['output'];
  /** The usage in the range of the report. */
  current: Scalars['Int64']['output'];
  /** The usage in the range that is compared with. */
  previous: Scalars['Int64']['output'];
};

/** Which rows are listed. All that is given must hold. */
export type AiUsageFilter = {
  /** Rows with so much usage in the range of the report. */
  minimum?: InputMaybe<AiUsageMinimum>;
  /** Rows with a name, or without one. */
  named?: InputMaybe<Scalars['Boolean']['input']>;
  /** Rows that have this text in their id or their name, in upper or lower case, with or without accents. An empty string means every row. */
  search?: InputMaybe<Scalars['String']['input']>;
};

/** The length of time of a sum. */
export type AiUsageGrain =
  /** A day. */
  | 'DAY'
  /** An hour. */
  | 'HOUR'
  /** A calendar month. */
  | 'MONTH'
  /** A quarter of an hour. */
  | 'QUARTER_HOUR'
  /** A calendar year. */
  | 'YEAR';

/** The length of time of one point of a series, on the calendar of the report's time zone. */
export type AiUsageGranularity =
  /** From midnight to midnight, which is 23 or 25 hours where the clocks change. */
  | 'DAY'
  /** From one full hour to the next on the clocks of the time zone. */
  | 'HOUR'
  /** A calendar month. */
  | 'MONTH'
  /** From one quarter of an hour to the next on the clocks of the time zone. */
  | 'QUARTER_HOUR'
  /** Monday to Sunday (ISO 8601). */
  | 'WEEK'
  /** A calendar year. */
  | 'YEAR';

/** Of which ranges rows are listed, where a report is compared with another. */
export type AiUsageInclude =
  /**
   * Rows with usage in either. Those of the other range only have zeros, so that the rows add
   * up to the totals of both.
   */
  | 'BOTH'
  /** Rows with usage in the range of the report. */
  | 'CURRENT'
  /** Rows with usage in the range that is compared with. */
  | 'PREVIOUS';

/** A span of time. */
export type AiUsageInstants = {
  /** Where it starts, inclusive; absent, at the beginning. */
  from?: InputMaybe<Scalars['DateTime']['input']>;
  /** Where it ends, exclusive; absent, it has no end. */
  to?: InputMaybe<Scalars['DateTime']['input']>;
};

/** Whose sums there are. */
export type AiUsageLevel =
  /** Those of each account. */
  | 'ACCOUNT'
  /** Those of each customer, and of each account without one. */
  | 'CUSTOMER'
  /** Those of everybody. */
  | 'EVERYBODY';

/** A number that usage is measured by. */
export type AiUsageMeasure =
  /** AI minutes. */
  | 'AI_MINUTES'
  /** Seconds. */
  | 'AI_SECONDS'
  /** Sessions. */
  | 'SESSIONS';

/** A least amount of usage. */
export type AiUsageMinimum = {
  /** What is measured. */
  measure?: AiUsageMeasure;
  /** The least there may be. */
  value: Scalars['Int64']['input'];
};

/** An order of rows. */
export type AiUsageOrder = {
  /** Smallest first or largest first. */
  direction?: OrderDirection;
  /** What rows are ordered by. */
  field: AiUsageOrderField;
  /** What `SHARE`, `PREVIOUS`, `CHANGE` and `CHANGE_RELATIVE` are about; AI minutes unless given. */
  measure?: InputMaybe<AiUsageMeasure>;
};

/** What rows can be ordered by. */
export type AiUsageOrderField =
  /** AI minutes. */
  | 'AI_MINUTES'
  /** Seconds. */
  | 'AI_SECONDS'
  /** How much more usage there is than in the range that is compared with. Where there is none, no row has a value. */
  | 'CHANGE'
  /** `CHANGE` in relation to `PREVIOUS`. Rows without previous usage have no value and come last. */
  | 'CHANGE_RELATIVE'
  /** The account id, then the customer id, by their bytes. */
  | 'ID'
  /**
   * The name, as people sort names: in any case, with accents and numbers where they belong
   * (Unicode's root collation). Rows without a name come last.
   */
  | 'NAME'
  /** The usage in the range that is compared with (`compare`). Where there is none, no row has a value. */
  | 'PREVIOUS'
  /** Sessions. */
  | 'SESSIONS'
  /** The row's part of the report's totals. Where these are 0, no row has a value. */
  | 'SHARE';

/** A range of time by its name, in the time zone of the question and by the gateway's clock. */
export type AiUsagePeriod =
  /** The seven days that end with the current one. */
  | 'LAST_7_DAYS'
  /** The thirty days that end with the current one. */
  | 'LAST_30_DAYS'
  /** The ninety days that end with the current one. */
  | 'LAST_90_DAYS'
  /** The calendar month before the current one. */
  | 'LAST_MONTH'
  /** The quarter before the current one. */
  | 'LAST_QUARTER'
  /** The week before the current one. */
  | 'LAST_WEEK'
  /** The calendar year before the current one. */
  | 'LAST_YEAR'
  /** The current calendar month, up to its end. */
  | 'THIS_MONTH'
  /** The current quarter of the calendar year, up to its end. */
  | 'THIS_QUARTER'
  /** The current week, Monday to Sunday (ISO 8601). */
  | 'THIS_WEEK'
  /** The current calendar year, up to its end. */
  | 'THIS_YEAR'
  /** The current day, up to its end. */
  | 'TODAY'
  /** The day before the current one. */
  | 'YESTERDAY';

/** How an answer was read. */
export type AiUsagePlan = {
  /** The spans of time that were read from the quarter-hours kept of each customer, because the sessions have been dropped. */
  kept: Array<AiUsageSpan>;
  /** Whose sums were read: no finer than what is selected needs. */
  level: AiUsageLevel;
  /** The runs of sums that were added up or taken away, longest sums first, then in the order of time. */
  pieces: Array<AiUsagePlanPiece>;
  /** The spans of time whose sessions were read one by one, in the order of time. */
  sessions: Array<AiUsageSpan>;
  /** What usage is read from at the moment. */
  source: AiUsageSource;
};

/** A run of neighbouring sums of one grain. */
export type AiUsagePlanPiece = {
  /** Where the first one starts; null for the beginning. */
  from: Maybe<Scalars['DateTime']['output']>;
  /** The length of time of each sum. */
  grain: AiUsageGrain;
  /** 1 where it was added, and -1 where it was taken away: a day of one zone is a day of another with a piece more at one end and one less at the other. */
  sign: Scalars['Int']['output'];
  /** The time zone in which its days and months begin. */
  timeZone: Scalars['String']['output'];
  /** Where the last one ends, exclusive; null when there is no end. */
  to: Maybe<Scalars['DateTime']['output']>;
};

/** The usage of one point of a series, such as an hour or a month. */
export type AiUsagePoint = Node & {
  /** The sum of the sessions' AI minutes. */
  aiMinutes: Scalars['Int64']['output'];
  /** The unrounded sum of the sessions' durations, in seconds. */
  aiSeconds: Scalars['Int64']['output'];
  /** Where it starts, inclusive: on the calendar, or where the report's range starts. */
  from: Scalars['DateTime']['output'];
  /** Names the point: the report or the row whose series it belongs to, the granularity, and where it starts. */
  id: Scalars['ID']['output'];
  /** Whether it was not over yet when the report was read, so that it may still grow. */
  partial: Scalars['Boolean']['output'];
  /** The number of sessions. */
  sessions: Scalars['Int64']['output'];
  /** The sessions that the point adds up, as `AIUsage.sessionsConnection` has those of the whole report. */
  sessionsConnection: Maybe<AiSessionConnection>;
  /** Where it ends, exclusive: on the calendar, or where the report's range ends. */
  to: Scalars['DateTime']['output'];
};


/** The usage of one point of a series, such as an hour or a month. */
export type AiUsagePointSessionsConnectionArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};

/** A range of time, of one of these kinds. */
export type AiUsageRange =
  /** Calendar days in the time zone. */
  { days: AiUsageDays; instants?: never; period?: never; }
  |  /** From one instant to another, whatever the time zone. */
  { days?: never; instants: AiUsageInstants; period?: never; }
  |  /** A range by its name. */
  { days?: never; instants?: never; period: AiUsagePeriod; };

/** How far back a range is that another one is compared with, on the calendar of the report's time zone. */
export type AiUsageShift =
  /**
   * By a month. A start on a day that the month does not have is on its last day, and an end
   * there is the end of that month: whether March is counted to the 28th, the 29th or the
   * 31st, all of February is compared with.
   */
  | 'MONTH'
  /** By its own length, to the time just before. */
  | 'PERIOD'
  /** By seven days. */
  | 'WEEK'
  /** By a year. The 29th of February is treated as in `MONTH`. */
  | 'YEAR';

/** What usage is read from. */
export type AiUsageSource =
  /** Sums by quarter-hour, hour, day and month that are kept up to date with every change, and single sessions for what lies beside them. */
  | 'ROLLUPS'
  /** The sessions themselves, because there are no sums (yet). */
  | 'SESSIONS';

/** A span of time. */
export type AiUsageSpan = {
  /** Where it starts, inclusive; null for the beginning. */
  from: Maybe<Scalars['DateTime']['output']>;
  /** 1 where it was added, and -1 where it was taken away. */
  sign: Scalars['Int']['output'];
  /** Where it ends, exclusive; null when there is no end. */
  to: Maybe<Scalars['DateTime']['output']>;
};

/** An amount of use. */
export type AiUsageTotals = Node & {
  /** The sum of the sessions' AI minutes: each session's duration rounded up to the whole minute. */
  aiMinutes: Scalars['Int64']['output'];
  /** The unrounded sum of the sessions' durations, in seconds. */
  aiSeconds: Scalars['Int64']['output'];
  /** Names the amount: the report, and whose part of it this is. */
  id: Scalars['ID']['output'];
  /** The number of sessions. */
  sessions: Scalars['Int64']['output'];
};

/** An account. */
export type Account = Node & {
  /** The account's id. */
  accountId: Scalars['ID']['output'];
  /** The account's customers, as `Query.customers` has them. */
  customers: Maybe<CustomerConnection>;
  /** Names the account among everything that has an id. What other fields and arguments take is `accountId`. */
  id: Scalars['ID']['output'];
  /** The account's name; null when the gateway has not been told one. */
  name: Maybe<Scalars['String']['output']>;
  /** The usage report of this account alone, as `Query.aiUsage` has it. Those of a list of accounts are read together. */
  usage: Maybe<AiUsage>;
};


/** An account. */
export type AccountCustomersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  search?: InputMaybe<Scalars['String']['input']>;
};


/** An account. */
export type AccountUsageArgs = {
  endDate?: InputMaybe<Scalars['String']['input']>;
  period?: InputMaybe<AiUsagePeriod>;
  range?: InputMaybe<AiUsageRange>;
  startDate?: InputMaybe<Scalars['String']['input']>;
  timeZone?: InputMaybe<Scalars['String']['input']>;
};

/** A page of accounts. */
export type AccountConnection = {
  /** The accounts of the page with their cursors. */
  edges: Array<AccountEdge>;
  /** The accounts of the page. */
  nodes: Array<Account>;
  /** Where the page stands among the others. */
  pageInfo: PageInfo;
};

/** An account with its cursor. */
export type AccountEdge = {
  /** The place of the account, for `after` and `before`. */
  cursor: Scalars['String']['output'];
  /** The account. */
  node: Account;
};

/** A customer of an account. */
export type Customer = Node & {
  /** The customer's account, with its name. */
  account: Account;
  /** The id of the customer's account. */
  accountId: Scalars['ID']['output'];
  /** The customer's id, which is unique within its account only. */
  customerId: Scalars['ID']['output'];
  /** Names the customer among everything that has an id. What other fields and arguments take is `customerId`, with `accountId`. */
  id: Scalars['ID']['output'];
  /** The customer's name; null when the gateway has not been told one. */
  name: Maybe<Scalars['String']['output']>;
  /** The usage report of this customer alone, as `Query.aiUsage` has it. Those of a list of customers are read together. */
  usage: Maybe<AiUsage>;
};


/** A customer of an account. */
export type CustomerUsageArgs = {
  endDate?: InputMaybe<Scalars['String']['input']>;
  period?: InputMaybe<AiUsagePeriod>;
  range?: InputMaybe<AiUsageRange>;
  startDate?: InputMaybe<Scalars['String']['input']>;
  timeZone?: InputMaybe<Scalars['String']['input']>;
};

/** A page of customers. */
export type CustomerConnection = {
  /** The customers of the page with their cursors. */
  edges: Array<CustomerEdge>;
  /** The customers of the page. */
  nodes: Array<Customer>;
  /** Where the page stands among the others. */
  pageInfo: PageInfo;
};

/** A customer with its cursor. */
export type CustomerEdge = {
  /** The place of the customer, for `after` and `before`. */
  cursor: Scalars['String']['output'];
  /** The customer. */
  node: Customer;
};

/** What has an id of its own, by which it can be read again. */
export type Node = {
  /** The id, which is nothing to look into or to build. */
  id: Scalars['ID']['output'];
};

/** A direction of an order. */
export type OrderDirection =
  /** Smallest first. */
  | 'ASC'
  /** Largest first. */
  | 'DESC';

/** Where a page stands among the others. */
export type PageInfo = {
  /** The cursor of the last on the page; null when the page is empty. */
  endCursor: Maybe<Scalars['String']['output']>;
  /** Whether there is something after the page. */
  hasNextPage: Scalars['Boolean']['output'];
  /** Whether there is something before the page. */
  hasPreviousPage: Scalars['Boolean']['output'];
  /** The cursor of the first on the page; null when the page is empty. */
  startCursor: Maybe<Scalars['String']['output']>;
};

/**
 * A field that fails is null, with an error that has its path, and all else is answered: fields
 * that can fail on their own may be null for that reason.
 */
export type Query = {
  /** An account that you may see; null where there is none with this id, neither with a name nor with usage. */
  account: Maybe<Account>;
  /**
   * The accounts you may see: those that have a name and those that have been used,
   * ordered by account id. One that is used for the first time appears within seconds.
   */
  accounts: Maybe<AccountConnection>;
  /**
   * A usage report: the AI minutes of accounts and customers in a range of time.
   *
   * Without arguments it covers everything ever recorded. Every argument narrows it.
   */
  aiUsage: Maybe<AiUsage>;
  /** A customer that you may see; null where there is none with these ids, neither with a name nor with usage. */
  customer: Maybe<Customer>;
  /**
   * The customers of the accounts you may see: those that have a name and those that
   * have been used, ordered by account id, then customer id.
   */
  customers: Maybe<CustomerConnection>;
  /**
   * What has an id, read anew: a report, its totals, a row or a point as they are now, an account, a customer.
   * Null for what is not an id, for what you may not see or is not there any more, and for a row, an amount or a point
   * of a report of very many accounts or customers (`docs/frontend.md`).
   */
  node: Maybe<Node>;
  /** What has these ids, in their order, each as `node` has it. All of one report is read at once. */
  nodes: Maybe<Array<Maybe<Node>>>;
  /** Who is asking, and what they may see. */
  viewer: Maybe<Viewer>;
};


/**
 * A field that fails is null, with an error that has its path, and all else is answered: fields
 * that can fail on their own may be null for that reason.
 */
export type QueryAccountArgs = {
  accountId: Scalars['ID']['input'];
};


/**
 * A field that fails is null, with an error that has its path, and all else is answered: fields
 * that can fail on their own may be null for that reason.
 */
export type QueryAccountsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  search?: InputMaybe<Scalars['String']['input']>;
};


/**
 * A field that fails is null, with an error that has its path, and all else is answered: fields
 * that can fail on their own may be null for that reason.
 */
export type QueryAiUsageArgs = {
  accountId?: InputMaybe<Scalars['ID']['input']>;
  accountIds?: InputMaybe<Array<Scalars['ID']['input']>>;
  customerId?: InputMaybe<Scalars['ID']['input']>;
  customerIds?: InputMaybe<Array<Scalars['ID']['input']>>;
  endDate?: InputMaybe<Scalars['String']['input']>;
  period?: InputMaybe<AiUsagePeriod>;
  range?: InputMaybe<AiUsageRange>;
  startDate?: InputMaybe<Scalars['String']['input']>;
  timeZone?: InputMaybe<Scalars['String']['input']>;
};


/**
 * A field that fails is null, with an error that has its path, and all else is answered: fields
 * that can fail on their own may be null for that reason.
 */
export type QueryCustomerArgs = {
  accountId: Scalars['ID']['input'];
  customerId: Scalars['ID']['input'];
};


/**
 * A field that fails is null, with an error that has its path, and all else is answered: fields
 * that can fail on their own may be null for that reason.
 */
export type QueryCustomersArgs = {
  accountId?: InputMaybe<Scalars['ID']['input']>;
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  search?: InputMaybe<Scalars['String']['input']>;
};


/**
 * A field that fails is null, with an error that has its path, and all else is answered: fields
 * that can fail on their own may be null for that reason.
 */
export type QueryNodeArgs = {
  id: Scalars['ID']['input'];
};


/**
 * A field that fails is null, with an error that has its path, and all else is answered: fields
 * that can fail on their own may be null for that reason.
 */
export type QueryNodesArgs = {
  ids: Array<Scalars['ID']['input']>;
};

/** What somebody may see and do. */
export type Role =
  /** Sees the accounts that it is given. */
  | 'AccountAdministrator'
  /** Sees every account, and may use the legacy operation. */
  | 'SystemAdministrator';

/** What goes on: each event is a whole answer. */
export type Subscription = {
  /**
   * The usage report as it is now, and again whenever its rows change; what is asked for
   * beside them, such as `previous` or names, comes along. The arguments are those of
   * `Query.aiUsage`; a period such as `TODAY` moves on with the time.
   */
  aiUsageChanged: Maybe<AiUsage>;
};


/** What goes on: each event is a whole answer. */
export type SubscriptionAiUsageChangedArgs = {
  accountId?: InputMaybe<Scalars['ID']['input']>;
  accountIds?: InputMaybe<Array<Scalars['ID']['input']>>;
  customerId?: InputMaybe<Scalars['ID']['input']>;
  customerIds?: InputMaybe<Array<Scalars['ID']['input']>>;
  endDate?: InputMaybe<Scalars['String']['input']>;
  period?: InputMaybe<AiUsagePeriod>;
  range?: InputMaybe<AiUsageRange>;
  startDate?: InputMaybe<Scalars['String']['input']>;
  timeZone?: InputMaybe<Scalars['String']['input']>;
};

/** Who is asking. */
export type Viewer = Node & {
  /** The accounts they may see, ordered by id; null when those are all of them. */
  accounts: Maybe<Array<Account>>;
  /** Names whoever asks. Nobody else may read it by that. */
  id: Scalars['ID']['output'];
  /** The name they are known by: a user's name, or `key:` and `token:` with the id of an API key or the subject of a token. */
  name: Scalars['String']['output'];
  /** Their roles. Others that a token may name have no meaning here, and are left out. */
  roles: Array<Role>;
};

/** A day of the week (ISO 8601). */
export type Weekday =
  /** Friday. */
  | 'FRIDAY'
  /** Monday. */
  | 'MONDAY'
  /** Saturday. */
  | 'SATURDAY'
  /** Sunday. */
  | 'SUNDAY'
  /** Thursday. */
  | 'THURSDAY'
  /** Tuesday. */
  | 'TUESDAY'
  /** Wednesday. */
  | 'WEDNESDAY';

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { viewer: { name: string, roles: Array<Role>, accounts: Array<{ accountId: string, name: string | null }> | null } | null };

export type AmountFragment = { aiMinutes: number, aiSeconds: number, sessions: number };

export type PointFragment = { from: string, to: string, partial: boolean, aiMinutes: number, aiSeconds: number, sessions: number };

export type OverviewQueryVariables = Exact<{
  accountId?: InputMaybe<Scalars['ID']['input']>;
  customerId?: InputMaybe<Scalars['ID']['input']>;
  startDate?: InputMaybe<Scalars['String']['input']>;
  endDate?: InputMaybe<Scalars['String']['input']>;
  period?: InputMaybe<AiUsagePeriod>;
  timeZone?: InputMaybe<Scalars['String']['input']>;
}>;


export type OverviewQuery = { aiUsage: { from: string | null, to: string | null, timeZone: string, asOf: string, totals: { aiMinutes: number, aiSeconds: number, sessions: number }, previous: { from: string | null, to: string | null, totals: { aiMinutes: number, aiSeconds: number, sessions: number } } | null } | null };

export type ChartQueryVariables = Exact<{
  accountId?: InputMaybe<Scalars['ID']['input']>;
  customerId?: InputMaybe<Scalars['ID']['input']>;
  startDate?: InputMaybe<Scalars['String']['input']>;
  endDate?: InputMaybe<Scalars['String']['input']>;
  period?: InputMaybe<AiUsagePeriod>;
  timeZone?: InputMaybe<Scalars['String']['input']>;
  granularity: AiUsageGranularity;
  order: AiUsageOrder;
  byAccount: Scalars['Boolean']['input'];
  byCustomer: Scalars['Boolean']['input'];
}>;


export type ChartQuery = { aiUsage: { timeZone: string, asOf: string, series: Array<{ from: string, to: string, partial: boolean, aiMinutes: number, aiSeconds: number, sessions: number }> | null, accountUsageConnection?: { totalCount: number, nodes: Array<{ accountId: string, account: { name: string | null }, series: Array<{ from: string, to: string, partial: boolean, aiMinutes: number, aiSeconds: number, sessions: number }> | null } | null> } | null, customerUsageConnection?: { totalCount: number, nodes: Array<{ customerId: string, customer: { name: string | null }, series: Array<{ from: string, to: string, partial: boolean, aiMinutes: number, aiSeconds: number, sessions: number }> | null } | null> } | null } | null };

export type AccountRowsQueryVariables = Exact<{
  startDate?: InputMaybe<Scalars['String']['input']>;
  endDate?: InputMaybe<Scalars['String']['input']>;
  period?: InputMaybe<AiUsagePeriod>;
  timeZone?: InputMaybe<Scalars['String']['input']>;
  trend: AiUsageGranularity;
  order: AiUsageOrder;
  measure: AiUsageMeasure;
  search: Scalars['String']['input'];
  first: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
}>;


export type AccountRowsQuery = { aiUsage: { asOf: string, accountUsageConnection: { totalCount: number, pageInfo: { hasNextPage: boolean, endCursor: string | null }, nodes: Array<{ accountId: string, aiSeconds: number, sessions: number, share: number | null, aiMinutes: number, account: { name: string | null }, previous: { aiMinutes: number, aiSeconds: number, sessions: number } | null, series: Array<{ from: string, aiMinutes: number, aiSeconds: number, sessions: number }> | null } | null> } | null } | null };

export type CustomerRowsQueryVariables = Exact<{
  accountId: Scalars['ID']['input'];
  startDate?: InputMaybe<Scalars['String']['input']>;
  endDate?: InputMaybe<Scalars['String']['input']>;
  period?: InputMaybe<AiUsagePeriod>;
  timeZone?: InputMaybe<Scalars['String']['input']>;
  trend: AiUsageGranularity;
  order: AiUsageOrder;
  measure: AiUsageMeasure;
  search: Scalars['String']['input'];
  first: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
  isFirst: Scalars['Boolean']['input'];
}>;


export type CustomerRowsQuery = { aiUsage: { asOf: string, totals?: { aiMinutes: number, aiSeconds: number, sessions: number }, accountUsage?: Array<{ withoutCustomer: { aiMinutes: number, aiSeconds: number, sessions: number } }> | null, previous?: { accountUsage: Array<{ withoutCustomer: { aiMinutes: number, aiSeconds: number, sessions: number } }> | null } | null, customerUsageConnection: { totalCount: number, pageInfo: { hasNextPage: boolean, endCursor: string | null }, nodes: Array<{ customerId: string, aiSeconds: number, sessions: number, share: number | null, aiMinutes: number, customer: { name: string | null }, previous: { aiMinutes: number, aiSeconds: number, sessions: number } | null, series: Array<{ from: string, aiMinutes: number, aiSeconds: number, sessions: number }> | null } | null> } | null } | null };

export type NamesQueryVariables = Exact<{
  accountId: Scalars['ID']['input'];
  customerId?: InputMaybe<Scalars['ID']['input']>;
  isCustomer: Scalars['Boolean']['input'];
}>;


export type NamesQuery = { aiUsage: { accountUsage: Array<{ accountId: string, account: { name: string | null } }> | null, customerUsage?: Array<{ customerId: string, customer: { name: string | null } }> | null } | null };

export type FindAccountsQueryVariables = Exact<{
  search: Scalars['String']['input'];
}>;


export type FindAccountsQuery = { accounts: { nodes: Array<{ accountId: string, name: string | null }> } | null };

export type FindCustomersQueryVariables = Exact<{
  accountId: Scalars['ID']['input'];
  search: Scalars['String']['input'];
}>;


export type FindCustomersQuery = { customers: { nodes: Array<{ customerId: string, name: string | null }> } | null };

export type EverUsedQueryVariables = Exact<{
  accountId?: InputMaybe<Scalars['ID']['input']>;
  customerId?: InputMaybe<Scalars['ID']['input']>;
  timeZone?: InputMaybe<Scalars['String']['input']>;
}>;


export type EverUsedQuery = { aiUsage: { series: Array<{ from: string, to: string, sessions: number }> | null } | null };

export type LiveSubscriptionVariables = Exact<{
  accountId?: InputMaybe<Scalars['ID']['input']>;
  customerId?: InputMaybe<Scalars['ID']['input']>;
  startDate?: InputMaybe<Scalars['String']['input']>;
  endDate?: InputMaybe<Scalars['String']['input']>;
  period?: InputMaybe<AiUsagePeriod>;
  timeZone?: InputMaybe<Scalars['String']['input']>;
}>;


export type LiveSubscription = { aiUsageChanged: { asOf: string, totals: { aiMinutes: number, aiSeconds: number, sessions: number } } | null };

export const AmountFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Amount"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"AIUsageTotals"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"aiMinutes"}},{"kind":"Field","name":{"kind":"Name","value":"aiSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"sessions"}}]}}]} as unknown as DocumentNode<AmountFragment, unknown>;
export const PointFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Point"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"AIUsagePoint"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"partial"}},{"kind":"Field","name":{"kind":"Name","value":"aiMinutes"}},{"kind":"Field","name":{"kind":"Name","value":"aiSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"sessions"}}]}}]} as unknown as DocumentNode<PointFragment, unknown>;
export const ViewerDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Viewer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"viewer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"roles"}},{"kind":"Field","name":{"kind":"Name","value":"accounts"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"accountId"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]} as unknown as DocumentNode<ViewerQuery, ViewerQueryVariables>;
export const OverviewDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Overview"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"accountId"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"customerId"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"startDate"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"endDate"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"period"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"AIUsagePeriod"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"timeZone"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"aiUsage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"accountId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"accountId"}}},{"kind":"Argument","name":{"kind":"Name","value":"customerId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"customerId"}}},{"kind":"Argument","name":{"kind":"Name","value":"startDate"},"value":{"kind":"Variable","name":{"kind":"Name","value":"startDate"}}},{"kind":"Argument","name":{"kind":"Name","value":"endDate"},"value":{"kind":"Variable","name":{"kind":"Name","value":"endDate"}}},{"kind":"Argument","name":{"kind":"Name","value":"period"},"value":{"kind":"Variable","name":{"kind":"Name","value":"period"}}},{"kind":"Argument","name":{"kind":"Name","value":"timeZone"},"value":{"kind":"Variable","name":{"kind":"Name","value":"timeZone"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"timeZone"}},{"kind":"Field","name":{"kind":"Name","value":"asOf"}},{"kind":"Field","name":{"kind":"Name","value":"totals"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"Amount"}}]}},{"kind":"Field","name":{"kind":"Name","value":"previous"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"elapsed"},"value":{"kind":"BooleanValue","value":true}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"totals"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"Amount"}}]}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Amount"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"AIUsageTotals"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"aiMinutes"}},{"kind":"Field","name":{"kind":"Name","value":"aiSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"sessions"}}]}}]} as unknown as DocumentNode<OverviewQuery, OverviewQueryVariables>;
export const ChartDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Chart"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"accountId"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"customerId"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"startDate"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"endDate"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"period"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"AIUsagePeriod"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"timeZone"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"granularity"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"AIUsageGranularity"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"order"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"AIUsageOrder"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"byAccount"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Boolean"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"byCustomer"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Boolean"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"aiUsage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"accountId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"accountId"}}},{"kind":"Argument","name":{"kind":"Name","value":"customerId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"customerId"}}},{"kind":"Argument","name":{"kind":"Name","value":"startDate"},"value":{"kind":"Variable","name":{"kind":"Name","value":"startDate"}}},{"kind":"Argument","name":{"kind":"Name","value":"endDate"},"value":{"kind":"Variable","name":{"kind":"Name","value":"endDate"}}},{"kind":"Argument","name":{"kind":"Name","value":"period"},"value":{"kind":"Variable","name":{"kind":"Name","value":"period"}}},{"kind":"Argument","name":{"kind":"Name","value":"timeZone"},"value":{"kind":"Variable","name":{"kind":"Name","value":"timeZone"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"timeZone"}},{"kind":"Field","name":{"kind":"Name","value":"asOf"}},{"kind":"Field","name":{"kind":"Name","value":"series"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"granularity"},"value":{"kind":"Variable","name":{"kind":"Name","value":"granularity"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"Point"}}]}},{"kind":"Field","name":{"kind":"Name","value":"accountUsageConnection"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"8"}},{"kind":"Argument","name":{"kind":"Name","value":"orderBy"},"value":{"kind":"Variable","name":{"kind":"Name","value":"order"}}}],"directives":[{"kind":"Directive","name":{"kind":"Name","value":"include"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"if"},"value":{"kind":"Variable","name":{"kind":"Name","value":"byAccount"}}}]}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"accountId"}},{"kind":"Field","name":{"kind":"Name","value":"account"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"series"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"granularity"},"value":{"kind":"Variable","name":{"kind":"Name","value":"granularity"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"Point"}}]}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"customerUsageConnection"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"8"}},{"kind":"Argument","name":{"kind":"Name","value":"orderBy"},"value":{"kind":"Variable","name":{"kind":"Name","value":"order"}}}],"directives":[{"kind":"Directive","name":{"kind":"Name","value":"include"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"if"},"value":{"kind":"Variable","name":{"kind":"Name","value":"byCustomer"}}}]}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"customerId"}},{"kind":"Field","name":{"kind":"Name","value":"customer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"series"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"granularity"},"value":{"kind":"Variable","name":{"kind":"Name","value":"granularity"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"Point"}}]}}]}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Point"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"AIUsagePoint"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"partial"}},{"kind":"Field","name":{"kind":"Name","value":"aiMinutes"}},{"kind":"Field","name":{"kind":"Name","value":"aiSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"sessions"}}]}}]} as unknown as DocumentNode<ChartQuery, ChartQueryVariables>;
export const AccountRowsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"AccountRows"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"startDate"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"endDate"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"period"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"AIUsagePeriod"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"timeZone"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"trend"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"AIUsageGranularity"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"order"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"AIUsageOrder"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"measure"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"AIUsageMeasure"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"search"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"aiUsage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"startDate"},"value":{"kind":"Variable","name":{"kind":"Name","value":"startDate"}}},{"kind":"Argument","name":{"kind":"Name","value":"endDate"},"value":{"kind":"Variable","name":{"kind":"Name","value":"endDate"}}},{"kind":"Argument","name":{"kind":"Name","value":"period"},"value":{"kind":"Variable","name":{"kind":"Name","value":"period"}}},{"kind":"Argument","name":{"kind":"Name","value":"timeZone"},"value":{"kind":"Variable","name":{"kind":"Name","value":"timeZone"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"asOf"}},{"kind":"Field","name":{"kind":"Name","value":"accountUsageConnection"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}},{"kind":"Argument","name":{"kind":"Name","value":"orderBy"},"value":{"kind":"Variable","name":{"kind":"Name","value":"order"}}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"search"},"value":{"kind":"Variable","name":{"kind":"Name","value":"search"}}}]}},{"kind":"Argument","name":{"kind":"Name","value":"include"},"value":{"kind":"EnumValue","value":"BOTH"}},{"kind":"Argument","name":{"kind":"Name","value":"compare"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"elapsed"},"value":{"kind":"BooleanValue","value":true}}]}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}},{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"accountId"}},{"kind":"Field","name":{"kind":"Name","value":"account"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","alias":{"kind":"Name","value":"aiMinutes"},"name":{"kind":"Name","value":"minutes"}},{"kind":"Field","name":{"kind":"Name","value":"aiSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"sessions"}},{"kind":"Field","name":{"kind":"Name","value":"share"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"of"},"value":{"kind":"Variable","name":{"kind":"Name","value":"measure"}}}]},{"kind":"Field","name":{"kind":"Name","value":"previous"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"elapsed"},"value":{"kind":"BooleanValue","value":true}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"Amount"}}]}},{"kind":"Field","name":{"kind":"Name","value":"series"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"granularity"},"value":{"kind":"Variable","name":{"kind":"Name","value":"trend"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"aiMinutes"}},{"kind":"Field","name":{"kind":"Name","value":"aiSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"sessions"}}]}}]}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Amount"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"AIUsageTotals"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"aiMinutes"}},{"kind":"Field","name":{"kind":"Name","value":"aiSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"sessions"}}]}}]} as unknown as DocumentNode<AccountRowsQuery, AccountRowsQueryVariables>;
export const CustomerRowsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"CustomerRows"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"accountId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"startDate"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"endDate"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"period"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"AIUsagePeriod"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"timeZone"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"trend"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"AIUsageGranularity"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"order"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"AIUsageOrder"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"measure"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"AIUsageMeasure"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"search"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"isFirst"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Boolean"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"aiUsage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"accountId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"accountId"}}},{"kind":"Argument","name":{"kind":"Name","value":"startDate"},"value":{"kind":"Variable","name":{"kind":"Name","value":"startDate"}}},{"kind":"Argument","name":{"kind":"Name","value":"endDate"},"value":{"kind":"Variable","name":{"kind":"Name","value":"endDate"}}},{"kind":"Argument","name":{"kind":"Name","value":"period"},"value":{"kind":"Variable","name":{"kind":"Name","value":"period"}}},{"kind":"Argument","name":{"kind":"Name","value":"timeZone"},"value":{"kind":"Variable","name":{"kind":"Name","value":"timeZone"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"asOf"}},{"kind":"Field","name":{"kind":"Name","value":"totals"},"directives":[{"kind":"Directive","name":{"kind":"Name","value":"include"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"if"},"value":{"kind":"Variable","name":{"kind":"Name","value":"isFirst"}}}]}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"Amount"}}]}},{"kind":"Field","name":{"kind":"Name","value":"accountUsage"},"directives":[{"kind":"Directive","name":{"kind":"Name","value":"include"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"if"},"value":{"kind":"Variable","name":{"kind":"Name","value":"isFirst"}}}]}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"withoutCustomer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"Amount"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"previous"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"elapsed"},"value":{"kind":"BooleanValue","value":true}}],"directives":[{"kind":"Directive","name":{"kind":"Name","value":"include"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"if"},"value":{"kind":"Variable","name":{"kind":"Name","value":"isFirst"}}}]}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"accountUsage"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"withoutCustomer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"Amount"}}]}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"customerUsageConnection"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}},{"kind":"Argument","name":{"kind":"Name","value":"orderBy"},"value":{"kind":"Variable","name":{"kind":"Name","value":"order"}}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"search"},"value":{"kind":"Variable","name":{"kind":"Name","value":"search"}}}]}},{"kind":"Argument","name":{"kind":"Name","value":"include"},"value":{"kind":"EnumValue","value":"BOTH"}},{"kind":"Argument","name":{"kind":"Name","value":"compare"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"elapsed"},"value":{"kind":"BooleanValue","value":true}}]}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}},{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"customerId"}},{"kind":"Field","name":{"kind":"Name","value":"customer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","alias":{"kind":"Name","value":"aiMinutes"},"name":{"kind":"Name","value":"minutes"}},{"kind":"Field","name":{"kind":"Name","value":"aiSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"sessions"}},{"kind":"Field","name":{"kind":"Name","value":"share"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"of"},"value":{"kind":"Variable","name":{"kind":"Name","value":"measure"}}}]},{"kind":"Field","name":{"kind":"Name","value":"previous"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"elapsed"},"value":{"kind":"BooleanValue","value":true}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"Amount"}}]}},{"kind":"Field","name":{"kind":"Name","value":"series"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"granularity"},"value":{"kind":"Variable","name":{"kind":"Name","value":"trend"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"aiMinutes"}},{"kind":"Field","name":{"kind":"Name","value":"aiSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"sessions"}}]}}]}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Amount"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"AIUsageTotals"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"aiMinutes"}},{"kind":"Field","name":{"kind":"Name","value":"aiSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"sessions"}}]}}]} as unknown as DocumentNode<CustomerRowsQuery, CustomerRowsQueryVariables>;
export const NamesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Names"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"accountId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"customerId"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"isCustomer"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Boolean"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"aiUsage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"accountId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"accountId"}}},{"kind":"Argument","name":{"kind":"Name","value":"customerId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"customerId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"accountUsage"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"accountId"}},{"kind":"Field","name":{"kind":"Name","value":"account"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"customerUsage"},"directives":[{"kind":"Directive","name":{"kind":"Name","value":"include"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"if"},"value":{"kind":"Variable","name":{"kind":"Name","value":"isCustomer"}}}]}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"customerId"}},{"kind":"Field","name":{"kind":"Name","value":"customer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]}}]} as unknown as DocumentNode<NamesQuery, NamesQueryVariables>;
export const FindAccountsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"FindAccounts"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"search"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"accounts"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"search"},"value":{"kind":"Variable","name":{"kind":"Name","value":"search"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"20"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"accountId"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]} as unknown as DocumentNode<FindAccountsQuery, FindAccountsQueryVariables>;
export const FindCustomersDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"FindCustomers"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"accountId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"search"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"customers"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"accountId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"accountId"}}},{"kind":"Argument","name":{"kind":"Name","value":"search"},"value":{"kind":"Variable","name":{"kind":"Name","value":"search"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"20"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"customerId"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]} as unknown as DocumentNode<FindCustomersQuery, FindCustomersQueryVariables>;
export const EverUsedDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"EverUsed"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"accountId"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"customerId"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"timeZone"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"aiUsage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"accountId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"accountId"}}},{"kind":"Argument","name":{"kind":"Name","value":"customerId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"customerId"}}},{"kind":"Argument","name":{"kind":"Name","value":"timeZone"},"value":{"kind":"Variable","name":{"kind":"Name","value":"timeZone"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"series"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"granularity"},"value":{"kind":"EnumValue","value":"MONTH"}},{"kind":"Argument","name":{"kind":"Name","value":"fillZero"},"value":{"kind":"BooleanValue","value":false}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"to"}},{"kind":"Field","name":{"kind":"Name","value":"sessions"}}]}}]}}]}}]} as unknown as DocumentNode<EverUsedQuery, EverUsedQueryVariables>;
export const LiveDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"Live"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"accountId"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"customerId"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"startDate"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"endDate"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"period"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"AIUsagePeriod"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"timeZone"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"aiUsageChanged"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"accountId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"accountId"}}},{"kind":"Argument","name":{"kind":"Name","value":"customerId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"customerId"}}},{"kind":"Argument","name":{"kind":"Name","value":"startDate"},"value":{"kind":"Variable","name":{"kind":"Name","value":"startDate"}}},{"kind":"Argument","name":{"kind":"Name","value":"endDate"},"value":{"kind":"Variable","name":{"kind":"Name","value":"endDate"}}},{"kind":"Argument","name":{"kind":"Name","value":"period"},"value":{"kind":"Variable","name":{"kind":"Name","value":"period"}}},{"kind":"Argument","name":{"kind":"Name","value":"timeZone"},"value":{"kind":"Variable","name":{"kind":"Name","value":"timeZone"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"asOf"}},{"kind":"Field","name":{"kind":"Name","value":"totals"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"Amount"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Amount"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"AIUsageTotals"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"aiMinutes"}},{"kind":"Field","name":{"kind":"Name","value":"aiSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"sessions"}}]}}]} as unknown as DocumentNode<LiveSubscription, LiveSubscriptionVariables>;