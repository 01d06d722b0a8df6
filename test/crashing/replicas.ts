import { AsyncLocalStorage } from 'node:async_hooks'

import { pino } from 'pino'

import { LOCAL_KEY, localKeys } from '../../scripts/local.js'
import { buildApp, type AppDependencies } from '../../src/app.js'
import { createAwsClients, type ClientSettings } from '../../src/aws/clients.js'
import { systemClock, type Clock } from '../../src/clock.js'
import { readConfig } from '../../src/config.js'
import { createDependencies } from '../../src/service.js'
import { loadCatalog } from '../../src/templates/catalog.js'
import { openLine, type Line } from './line.js'

export const REGION = 'eu-west-1'

/** What a caller sends. */
export interface Request { method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object, headers?: Record<string, string> }

/** An answer of the service, read. */
export interface Answer { status: number, headers: Readonly<Record<string, unknown>>, body: Record<string, unknown> }

/** One service, that shares nothing with the others but the code, and its line to AWS. */
export interface Replica {
  line: Line
  ask: (request: Request) => Promise<Answer>
  /** The answer, or null when the line was cut before it came. */
  askUntilCut: (request: Request) => Promise<Answer | null>
  end: () => void
}

/** How a replica differs from the others: in its way to AWS, and in how far its clock is ahead. */
export interface ReplicaSettings extends ClientSettings { aheadMs?: number }

export interface Replicas { start: (settings?: ReplicaSettings) => Promise<Replica> }

/** Cuts short what waits for AWS to go on, which takes no time here, and leaves deadlines as they are. */
const hasty = (aheadMs: number): Clock => ({
  now: () => Date.now() + aheadMs,
  sleep: async (ms, signal) => { await systemClock.sleep(ms < 5_000 ? Math.min(ms, 100) : ms, signal) }
})

const log = pino({ level: process.env['LOG_LEVEL'] ?? 'silent' })

/**
 * Starts services by the dozen in this process. HTTP in front of them knows nothing of what is behind it, and compiling its
 * schemas takes longer than all the rest: it is built once, and each request is given to the replica that is asked.
 */
export async function createReplicas (awsUrl: string, regions: readonly string[] = [REGION], callsPerSecond = 1_000): Promise<Replicas> {
  const env = { REGIONS: regions.join(','), API_KEYS_FILE: 'any', POLL_MS: '100', CALLS_PER_SECOND: String(callsPerSecond), FINAL_SNAPSHOTS: 'optional' }
  const catalog = loadCatalog()
  const config = readConfig({ env, readKeys: () => localKeys, templates: [...catalog.keys()] })
  const asked = new AsyncLocalStorage<AppDependencies>()
  /** Stands for a member of whoever is asked, however deep it is in there. */
  const standIn = (...path: Array<string | symbol>): unknown => {
    const call = (...args: unknown[]): unknown => {
      const member = path.reduce<unknown>((room, name) => Reflect.get(room as object, name), asked.getStore())
      return Reflect.apply(member as () => unknown, undefined, args)
    }
    return new Proxy(call, { get: (_target, name) => standIn(...path, name) })
  }
  const whoever = <Name extends 'databases' | 'queries' | 'mirror'>(name: Name): AppDependencies[Name] => standIn(name) as AppDependencies[Name]
  const clients = (settings: ClientSettings) => createAwsClients({ credentials: { accessKeyId: 'any', secretAccessKey: 'any' }, ...settings })
  const unused = clients({ endpoint: awsUrl })
  const app = await buildApp({ ...createDependencies({ config, log, catalog, clients: unused }), databases: whoever('databases'), queries: whoever('queries'), mirror: whoever('mirror') })
  unused.destroy()

  const start = async ({ aheadMs = 0, ...settings }: ReplicaSettings = {}): Promise<Replica> => {
    const line = await openLine(awsUrl)
    const own = clients({ endpoint: line.url, ...settings })
    const { background, ...dependencies } = createDependencies({ config, log, catalog, clients: own, clock: hasty(aheadMs) })
    background.start()
    const ask = async ({ method, path, body, headers = {} }: Request): Promise<Answer> => await asked.run(dependencies, async () => {
      const answer = await app.inject({ method, url: path, headers: { authorization: `Bearer ${LOCAL_KEY}`, ...headers }, ...(body === undefined ? {} : { payload: body }) })
      return { status: answer.statusCode, headers: answer.headers, body: answer.body === '' ? {} : answer.json() }
    })
    return {
      line,
      ask,
      askUntilCut: async request => await Promise.race([ask(request), line.whenCut.then(() => null)]),
      end: () => {
        background.stop()
        line.close()
        own.destroy()
      }
    }
  }
  return { start }
}
