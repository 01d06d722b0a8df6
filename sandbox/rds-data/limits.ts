/**
 * The bounds of the Data API in time, number and size. Aurora User Guide, "Using RDS Data API": 45 seconds, three
 * minutes, 24 hours, 64 KB. The sessions are ours to choose.
 */
export const awsLimits = {
  /** A statement is cancelled by the server after this long. */
  statementMs: 45_000,
  /** A transaction without a call for this long is rolled back. */
  transactionIdleMs: 3 * 60_000,
  /** A transaction is rolled back at this age in any case. */
  transactionLifeMs: 24 * 3_600_000,
  /** Sessions of one user in one database; beyond them a call waits for its turn. */
  sessions: 40,
  /** How long a call waits for a session, and for its connection. */
  sessionWaitMs: 30_000,
  /** How long an idle session is kept. Short, for `DROP DATABASE` is refused while one is open. */
  sessionIdleMs: 5_000,
  /** A result with a row that is larger is refused. */
  rowBytes: 64 * 1024
}

export type Limits = typeof awsLimits
