import type { Belongings } from './account.js'
import type { Point } from './line.js'
import type { Operation, Prepared } from './operations.js'
import type { Answer, Replica, Replicas, Request } from './replicas.js'
import type { Setting } from './stock.js'

/** What came of an operation once everything had settled, without what is different each time. */
export interface Outcome {
  answer: unknown
  database: unknown
  rows: unknown
  belongings: Belongings
}

/** An operation that nothing happened to: what came of it, and the calls that it made, each with its occurrence. */
export interface Undisturbed { outcome: Outcome, calls: Array<Omit<Point, 'moment'>> }

/** What came of an operation during which a service died, if it did: it may have been done before the point. */
interface Crashed { outcome: Outcome, answer: Answer, hasCrashed: boolean }

const MOST_LOOKS = 100

export type Trials = ReturnType<typeof createTrials>

/** Runs operations, with and without a crash. */
export function createTrials (setting: Setting, replicas: Replicas) {
  const { stock, aws } = setting

  /** A cluster and its snapshot are some moments behind the answer. */
  const settledBelongings = async (client: string): Promise<Belongings> => {
    for (let looks = 0; ; looks++) {
      const found = await aws.belongingsOf(client)
      if (looks === MOST_LOOKS || [...found.snapshots, ...found.clusters].every(status => status === 'available')) return found
    }
  }

  /** Waits until nothing moves any more, and looks at what there is. */
  const settle = async (operation: Operation, { client, request }: Prepared, replica: Replica, answer: Answer): Promise<Outcome> => {
    const id = idOf(request, answer)
    const database = id === '' || isPlan(answer) ? null : (await replica.ask({ method: 'GET', path: `/v1/databases/${id}`, headers: { prefer: 'wait=60' } })).body
    const rows = operation.hasRows ? (await replica.ask({ method: 'POST', path: `/v1/databases/${id}/query`, body: { sql: 'select count(*)::int as rows from kept' } })).body.rows : null
    const outcome = {
      answer: operation.isAnsweredOnce ? null : essenceOf(answer),
      database: database && { ...database, compute: null },
      rows,
      belongings: await settledBelongings(client)
    }
    return withoutNames(outcome, client)
  }

  const handOn = async (operation: Operation, { client, request }: Prepared, answer: Answer): Promise<void> => {
    const id = idOf(request, answer)
    if (operation.leaves) await stock.keep(operation.leaves, { client, id })
  }

  const startFor = async ({ aheadMs = 0 }: Operation): Promise<Replica> => await replicas.start({ aheadMs })

  const runUndisturbed = async (operation: Operation): Promise<Undisturbed> => {
    const prepared = await operation.prepare(setting)
    const replica = await startFor(operation)
    const answer = await askUntilOver(operation, prepared.request, replica.ask) ?? none
    const calls = numbered(replica.line.calls.map(call => call.operation))
    const outcome = await settle(operation, prepared, replica, answer)
    replica.end()
    await handOn(operation, prepared, answer)
    if (answer.status !== operation.status) throw new Error(`${operation.name}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return { outcome, calls }
  }

  /**
   * A service dies at the point, and another one gets the same request: the one that is given, which has been there all the time, or
   * else one that is started. The status is that of its answer.
   */
  const runWithCrash = async (operation: Operation, point: Point, neighbour: Replica | null): Promise<Crashed> => {
    const prepared = await operation.prepare(setting)
    // It may be one sweep behind; what comes is to find it with the sweep done.
    await neighbour?.ask({ method: 'GET', path: '/v1/databases', headers: { 'cache-control': 'no-cache' } })
    const doomed = await startFor(operation)
    doomed.line.cutAt(point)
    const answerBefore = await askUntilOver(operation, prepared.request, doomed.askUntilCut)
    const successor = neighbour ?? await startFor(operation)
    const answer = await askUntilOver(operation, prepared.request, successor.ask) ?? none
    const outcome = await settle(operation, prepared, successor, answer)
    doomed.end()
    if (!neighbour) successor.end()
    await handOn(operation, prepared, answer)
    return { outcome, answer, hasCrashed: answerBefore === null }
  }

  return { runUndisturbed, runWithCrash, settle }
}

/** Asks once, or where only looked at, until it is over; null when there is no answer. */
async function askUntilOver (
  { isOver = () => true }: Operation,
  request: Request,
  ask: (request: Request) => Promise<Answer | null>
): Promise<Answer | null> {
  for (;;) {
    const answer = await ask(request)
    if (!answer || isOver(answer)) return answer
  }
}

const none: Answer = { status: 0, headers: {}, body: {} }

function numbered (names: readonly string[]): Undisturbed['calls'] {
  return names.map((operation, at) => ({ operation, occurrence: names.slice(0, at + 1).filter(name => name === operation).length }))
}

/** Of the database that a request is about. */
function idOf ({ path }: Request, { body }: Answer): string {
  return String(/\/v1\/databases\/([^/?]+)/.exec(path)?.[1] ?? body.id ?? '')
}

function isPlan ({ body }: Answer): boolean {
  return !('stack' in body)
}

/** Of an answer what is the same before and after all has settled. */
function essenceOf (answer: Answer): unknown {
  if (isPlan(answer)) return { ...answer.body, status: null, createdAt: null, sizeGib: null }
  const { id, client, name, environment, region, template, parameters, tags, deletionProtection } = answer.body
  return { id, client, name, environment, region, template, parameters, tags, deletionProtection }
}

const different: ReadonlyArray<[RegExp, string]> = [
  [/client-\d{4}-main-dev-[a-z2-7]{8}/g, 'the-stack'],
  [/(the-stack-snapshot-auroracluster)-[a-z0-9]{12,13}/g, '$1'],
  [/client-\d{4}/g, 'the-client'],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'a-uuid'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'a-time'],
  [/127\.77\.\d+\.\d+/g, 'an-address'],
  [/(secret:[\w/-]+?)(-[A-Za-z0-9]{12,13})?-[A-Za-z0-9]{6}"/g, '$1"'],
  [/rotation-[a-z2-7]{26}/g, 'a-version'],
  [/expire-[a-z2-7]{26}/g, 'a-token'],
  [/"(aurora-databases:(fingerprint|idempotency-key))":"[a-z2-7]{26}"/g, '"$1":"a-hash"']
]

/** A value in which what no two databases share has a name that they do. */
function withoutNames<Value> (value: Value, client: string): Value {
  if (!/^client-\d{4}$/.test(client)) throw new Error(`not the name of a client: ${client}`)
  return JSON.parse(different.reduce((text, [pattern, name]) => text.replace(pattern, name), JSON.stringify(value))) as Value
}
