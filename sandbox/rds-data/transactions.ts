import { randomBytes } from 'node:crypto'
import { AwsError } from '../aws.js'
import type { Clock } from '../clock.js'
import type { Limits } from './limits.js'
import type { Session } from './sessions.js'

export interface Transaction {
  id: string
  clusterArn: string
  database: string
  session: Session
}

export interface Transactions {
  /** `onEnd` runs once, when the transaction is over by whichever way. */
  add: (transaction: Omit<Transaction, 'id'>, onEnd: () => void) => Transaction
  /**
   * Runs `work` in a transaction that nobody else uses meanwhile. Throws `TransactionNotFoundException` with AWS's
   * reason, and `DatabaseErrorException` when another call is still at work in it.
   */
  use: <T>(id: string, clusterArn: string, work: (transaction: Transaction) => Promise<T>) => Promise<T>
  /** Forgets a transaction that `use` holds; its session is the caller's to release. */
  end: (id: string, why: Ending) => void
  close: () => void
}

/** Why a transaction is no more, as AWS appends it to its message. */
export type Ending = 'finished' | 'aborted' | 'expired'

const reasons: Readonly<Record<Ending, string>> = {
  finished: 'One previous call resulted in a termination of your transaction.',
  aborted: 'Transaction has been aborted due to an error from a previous call.',
  expired: 'Transaction may be expired.'
}

/** How many ended transactions are remembered, for their reason. */
const MEMORY = 10_000

interface Entry {
  transaction: Transaction
  busy: boolean
  bornAt: number
  usedAt: number
  watch: AbortController
  onEnd: () => void
}

/** The open transactions of the Data API. One that is left alone is rolled back when its time is over. */
export function createTransactions (clock: Clock, limits: Limits): Transactions {
  const open = new Map<string, Entry>()
  const ended = new Map<string, Ending>()

  const end = (id: string, why: Ending): Entry | undefined => {
    const entry = open.get(id)
    if (!entry) return undefined
    open.delete(id)
    ended.set(id, why)
    for (const [oldest] of ended) {
      if (ended.size <= MEMORY) break
      ended.delete(oldest)
    }
    entry.watch.abort()
    entry.onEnd()
    return entry
  }

  const expiresInMs = ({ busy, bornAt, usedAt }: Entry): number =>
    Math.min(bornAt + limits.transactionLifeMs, busy ? Infinity : usedAt + limits.transactionIdleMs) - clock.now()

  const watch = async (id: string, entry: Entry): Promise<void> => {
    for (let ms = limits.transactionIdleMs; ms > 0; ms = expiresInMs(entry)) {
      await clock.sleep(Math.min(ms, limits.transactionIdleMs), entry.watch.signal)
    }
    end(id, 'expired')?.transaction.session.destroy()
  }

  return {
    add: (given, onEnd) => {
      const transaction = { ...given, id: randomBytes(96).toString('base64') }
      const now = clock.now()
      const entry = { transaction, busy: false, bornAt: now, usedAt: now, watch: new AbortController(), onEnd }
      open.set(transaction.id, entry)
      watch(transaction.id, entry).catch(() => {})
      return transaction
    },
    use: async (id, clusterArn, work) => {
      const entry = open.get(id)
      if (entry?.transaction.clusterArn !== clusterArn) {
        throw new AwsError('TransactionNotFoundException', `Transaction ${id} is not found. ${reasons[ended.get(id) ?? 'expired']}`)
      }
      if (entry.busy) throw new AwsError('DatabaseErrorException', 'Transaction is still running a query')
      entry.busy = true
      try {
        return await work(entry.transaction)
      } finally {
        entry.busy = false
        entry.usedAt = clock.now()
      }
    },
    end,
    close: () => { for (const id of [...open.keys()]) end(id, 'aborted')?.transaction.session.destroy() }
  }
}
