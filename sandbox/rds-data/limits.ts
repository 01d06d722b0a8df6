/** The bounds of the Data API in time, number and size. */
export interface Limits {
  /** A statement is cancelled by the server after this long. */
  statementMs: number
  /** A transaction without a call for this long is rolled back. */
  transactionIdleMs: number
  /** A transaction is rolled back at this age in any case. */
  transactionLifeMs: number
  /** Sessions of one user in one database; beyond them a call waits for its turn. */
  sessions: number
  /** How long a call waits for a session, and for its connection. */
  sessionWaitMs: number
  /** How long an idle session is kept. Short, for `DROP DATABASE` is refused while one is open. */
  sessionIdleMs: number
  /** A result with a row that is larger is refused. */
  rowBytes: number
}

/** Aurora User Guide, "Using RDS Data API": 45 seconds, three minutes, 24 hours, 64 KB. The sessions are ours to choose. */
export const awsLimits: Limits = {
  statementMs: 45_000,
  transactionIdleMs: 3 * 60_000,
  transactionLifeMs: 24 * 3_600_000,
  sessions: 40,
  sessionWaitMs: 30_000,
  sessionIdleMs: 5_000,
  rowBytes: 64 * 1024
}
