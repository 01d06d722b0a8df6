import type { DataApiWire } from '../../aws/data-api-wire.js'
import type { HttpAnswer } from '../../aws/http-posts.js'
import type { Target } from '../../databases/access.js'
import { rewrite } from './addressed.js'
import { ASK_MARK, transactionMark, type Mark, type RunUnlessLeft } from '../calls/cancel.js'

export interface UntaggedOptions {
  wire: Pick<DataApiWire, 'forward'>
  runUnlessLeft: RunUnlessLeft
  /** Whether an answer says that the statement has had no effect, so that there is nothing to keep. */
  hadNoEffect: (answer: HttpAnswer) => boolean
}

export type RunUntagged = ReturnType<typeof createRunUntagged>

/** Where a request goes, which all requests of its transaction have in common. */
const isPlace = (name: string): boolean => ['resourceArn', 'secretArn', 'database'].includes(name)

/**
 * Runs statements that end with their caller and may have no comment, because they have no room for it or would answer with it. They are
 * found by their transaction. Who has none gets one for as long as the statement runs: what it answers is the same, and is kept the same.
 */
export function createRunUntagged ({ wire, runUnlessLeft, hadNoEffect }: UntaggedOptions) {
  const findMark = async ({ region }: Target, body: Uint8Array, transactionId: string, signal: AbortSignal): Promise<Mark | null> => {
    const answer = await wire.forward(region, 'Execute', rewrite(body, isPlace, { transactionId, sql: ASK_MARK }), signal).catch(() => null)
    if (answer?.status !== 200) return null
    const { records: [row = []] = [] } = read(answer) as { records?: Array<Array<{ stringValue: string }>> }
    const [pid, begun] = row.map(({ stringValue }) => stringValue)
    return pid === undefined || begun === undefined ? null : transactionMark(pid, begun)
  }

  /** In a transaction that cannot be asked, the statement fares as that does. */
  const within = async (
    target: Target,
    operation: string,
    body: Uint8Array,
    transactionId: string,
    signal: AbortSignal
  ): Promise<HttpAnswer> => {
    const mark = await findMark(target, body, transactionId, signal)
    if (!mark) return await wire.forward(target.region, operation, body, signal)
    return await runUnlessLeft(target, mark, signal, async connection => await wire.forward(target.region, operation, body, connection))
  }

  const alone = async (target: Target, body: Uint8Array, signal: AbortSignal): Promise<HttpAnswer> => {
    const end = async (operation: 'CommitTransaction' | 'RollbackTransaction', transactionId: string): Promise<HttpAnswer> =>
      await wire.forward(target.region, operation, rewrite(body, name => isPlace(name) && name !== 'database', { transactionId }))
    const begun = await wire.forward(target.region, 'BeginTransaction', rewrite(body, isPlace)).then(read, () => ({}))
    const { transactionId } = begun as { transactionId?: unknown }
    if (typeof transactionId !== 'string') return await wire.forward(target.region, 'Execute', body, signal)
    try {
      const answer = await within(target, 'Execute', rewrite(body, () => true, { transactionId }), transactionId, signal)
      // AWS keeps also what a statement did whose answer it cannot carry.
      const ended = await end(hadNoEffect(answer) ? 'RollbackTransaction' : 'CommitTransaction', transactionId)
      return answer.status === 200 && ended.status !== 200 ? ended : answer
    } catch (error) {
      await end('RollbackTransaction', transactionId).catch(() => {})
      throw error
    }
  }

  /** Sets of parameters are not put into a transaction: nobody says that AWS keeps all of them or none. */
  return async (
    target: Target,
    operation: string,
    body: Uint8Array,
    transactionId: string | null,
    signal: AbortSignal
  ): Promise<HttpAnswer> => {
    if (transactionId !== null) return await within(target, operation, body, transactionId, signal)
    return operation === 'Execute' ? await alone(target, body, signal) : await wire.forward(target.region, operation, body, signal)
  }
}

function read ({ body }: HttpAnswer): unknown {
  return JSON.parse(new TextDecoder().decode(body))
}
