import { randomBytes } from 'node:crypto'
import { AwsError } from '../aws.js'
import type { Clock } from '../clock.js'
import type { Limits } from './limits.js'
import type { Session } from './sessions.js'

export interface Transactions {
  /** Takes a session in which a transaction has begun, and returns its id. */
  add: (clusterArn: string, session: Session) => string
  /**
   * Runs `work` in a transaction that nobody else uses meanwhile. Throws `TransactionNotFoundException` with AWS's
   * reason, and `DatabaseErrorException` when another call is still at work in it.
   */
  use: <T>(id: string, clusterArn: string, database: string | undefined, work: (session: Session) => Promise<T>) => Promise<T>
  /** Forgets a transaction and gives its session up: as one to be used again where it has `finished`. */
  end: (id: string, why: Ending) => void
  close: () => void
}

/** Why a transaction is no more, as AWS appends it to its message. */
type Ending = 'finished' | 'aborted' | 'expired'

const reasons: Readonly<Record<Ending, string>> = {
  finished: 'One previous call resulted in a termination of your transaction.',
  aborted: 'Transaction has been aborted due to an error from a previous call.',
  expired: 'Transaction may be expired.'
}

/** How many ended transactions are remembered, for their reason. */
const MEMORY = 10_000

interface Transaction {
  clusterArn: string
  session: Session
  busy: boolean
  bornAt: number
  usedAt: number
  watch: AbortController
}

/** The open transactions of the Data API. One that is left alone is rolled back when its time is over. */
export function createTransactions (clock: Clock, limits: Limits): Transactions {
  const open = new Map<string, Transaction>()
  const ended = new Map<string, Ending>()

  const end = (id: string, why: Ending): void => {
    const transaction = open.get(id)
    if (!transaction) return
    open.delete(id)
    ended.set(id, why)
    const [oldest = id] = ended.keys()
    if (ended.size > MEMORY) ended.delete(oldest)
    transaction.watch.abort()
    if (why === 'finished') transaction.session.release()
    else transaction.session.destroy()
  }

  const expiresInMs = ({ busy, bornAt, usedAt }: Transaction): number =>
    Math.min(bornAt + limits.transactionLifeMs, busy ? Infinity : usedAt + limits.transactionIdleMs) - clock.now()

  const watch = async (id: string, transaction: Transaction): Promise<void> => {
    for (let ms = limits.transactionIdleMs; ms > 0; ms = expiresInMs(transaction)) {
      await clock.sleep(Math.min(ms, limits.transactionIdleMs), transaction.watch.signal)
    }
    end(id, 'expired')
  }

  return {
    add: (clusterArn, session) => {
      const id = randomBytes(96).toString('base64')
      const now = clock.now()
      const transaction = { clusterArn, session, busy: false, bornAt: now, usedAt: now, watch: new AbortController() }
      open.set(id, transaction)
      watch(id, transaction).catch(() => {})
      return id
    },
    use: async (id, clusterArn, database, work) => {
      const transaction = open.get(id)
      if (transaction?.clusterArn !== clusterArn) {
        throw new AwsError('TransactionNotFoundException', `Transaction ${id} is not found. ${reasons[ended.get(id) ?? 'expired']}`)
      }
      if (transaction.busy) throw new AwsError('DatabaseErrorException', 'Transaction is still running a query')
      const { session } = transaction
      if (database !== undefined && database !== session.database) {
        throw new AwsError('BadRequestException', 'Database name is not the same as transaction database')
      }
      transaction.busy = true
      try {
        return await work(session)
      } catch (error) {
        if (error instanceof AwsError && error.code === 'DatabaseUnavailableException') end(id, 'aborted')
        throw error
      } finally {
        transaction.busy = false
        transaction.usedAt = clock.now()
      }
    },
    end,
    close: () => { for (const id of open.keys()) end(id, 'aborted') }
  }
}
