import type { Clock } from '../../clock.js'
import { Problem } from '../../problems.js'
import { IDLE_SECONDS } from '../transactions/interactive.js'
import type { Lease } from './lease.js'

/** How long a reader may take nothing, so that it is us who end the transaction, and not AWS a little later. */
const STALL_MS = IDLE_SECONDS * 1000 - 30_000

/** Watches over the one who takes the batches of a stream. */
export interface Reader {
  /** Yields a batch; throws `reader-too-slow` when it took too long until the next one was asked for. */
  offer: <Rows>(rows: Rows) => Generator<Rows, void>
  abandoned: AbortSignal
}

/**
 * Gives the lease of a stream back when nothing is taken of it for two and a half minutes. Whoever comes back within as long again is
 * told; then it is given up.
 */
export function watchReader (clock: Clock, lease: Lease, signal: AbortSignal): Reader {
  const abandoned = new AbortController()
  let offeredAt: number | null = clock.now()
  let isTooSlow = false

  const watch = async (): Promise<void> => {
    while (!lease.over.aborted) {
      const idleMs = offeredAt === null ? 0 : clock.now() - offeredAt
      if (idleMs < STALL_MS) {
        await clock.sleep(STALL_MS - idleMs, lease.over)
        continue
      }
      isTooSlow = true
      await lease.end()
      await clock.sleep(STALL_MS, signal)
      if (!signal.aborted) abandoned.abort(tooSlow())
    }
  }
  watch().catch(() => {})

  return {
    abandoned: abandoned.signal,
    offer: function * (rows) {
      if (isTooSlow) throw tooSlow()
      offeredAt = clock.now()
      yield rows
      offeredAt = null
      if (isTooSlow) throw tooSlow()
    }
  }
}

const tooSlow = (): Problem => new Problem('reader-too-slow', `No rows were taken for ${STALL_MS / 1000} s: the stream was ended, for AWS would have ended its transaction soon.`)
