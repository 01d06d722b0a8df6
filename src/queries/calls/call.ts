import type { Caller } from '../../access/keys.js'

/** Who asks something of which database. */
export interface Call {
  caller: Caller
  /** Of the database. */
  id: string
  /** Aborted when the caller has hung up, or the service ends what still runs. */
  signal: AbortSignal
}

/** A call that waits for a paused database, at most so long. */
export interface WaitingCall extends Call { waitSeconds: number }
