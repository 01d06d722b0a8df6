import type { MovableClock } from './clock.js'
import { type Fault, FAULT_KINDS, type Faults } from './faults.js'
import type { WireAnswer, WireRequest } from './wire/message.js'

export interface AdminDependencies {
  faults: Faults
  /** The services that are served, by signing name. */
  services: readonly string[]
  clock: MovableClock
}

type Handler = (body: unknown) => unknown

/** What is the sandbox's own and not AWS's, under `/_sandbox/`. Answers undefined to every other path. */
export function createAdmin ({ faults, services, clock }: AdminDependencies): (request: WireRequest) => WireAnswer | undefined {
  const handlers: Readonly<Record<string, Handler>> = {
    'GET /_sandbox/health': () => ({ status: 'ok', services }),
    'GET /_sandbox/faults': () => ({ faults: faults.list() }),
    'POST /_sandbox/faults': body => faults.add(readFault(body)),
    'GET /_sandbox/clock': () => showClock(clock),
    'POST /_sandbox/clock': body => {
      clock.advance(readAdvance(body))
      return showClock(clock)
    },
    'DELETE /_sandbox/faults': () => {
      faults.clear()
      return { faults: [] }
    }
  }
  return request => {
    if (!request.path.startsWith('/_sandbox')) return undefined
    const handler = handlers[`${request.method} ${request.path}`]
    if (!handler) return answer(404, { message: `There is ${Object.keys(handlers).join(', ')}.` })
    try {
      return answer(200, handler(parse(request.body)))
    } catch (error) {
      if (error instanceof AdminRefusal) return answer(400, { message: error.message })
      throw error
    }
  }
}

class AdminRefusal extends Error {}

function parse (body: Buffer): unknown {
  if (body.length === 0) return undefined
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new AdminRefusal('The body is not valid JSON.')
  }
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''

/** Which values the members of a fault may have. */
const checks: Readonly<Record<keyof Omit<Fault, 'id'>, { must: string, holds: (value: unknown) => boolean }>> = {
  service: { must: 'be the signing name of a service', holds: isText },
  operation: { must: 'be the name of an operation', holds: isText },
  region: { must: 'be the name of a region', holds: isText },
  kind: { must: `be one of ${FAULT_KINDS.join(', ')}`, holds: value => FAULT_KINDS.some(kind => kind === value) },
  count: { must: 'be a whole number above 0', holds: value => Number.isInteger(value) && Number(value) > 0 },
  rate: { must: 'be a number above 0, up to 1', holds: value => typeof value === 'number' && value > 0 && value <= 1 },
  delayMs: { must: 'be milliseconds, from 0 to 600000', holds: value => typeof value === 'number' && value >= 0 && value <= 600_000 },
  stack: { must: 'be the name of a stack', holds: isText },
  resource: { must: 'be a logical id', holds: isText },
  reason: { must: 'be a text', holds: isText }
}

function readFault (body: unknown): Omit<Fault, 'id'> {
  const fault = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  const unknown = Object.keys(fault).filter(name => !Object.hasOwn(checks, name))
  const wrong = Object.entries(checks).filter(([name, { holds }]) => (fault[name] !== undefined || name === 'kind') && !holds(fault[name]))
  const problems = [
    ...unknown.map(name => `${name} is not a member of a fault`),
    ...wrong.map(([name, { must }]) => `${name} must ${must}`)
  ]
  if (problems.length > 0) throw new AdminRefusal(`${problems.join('; ')}.`)
  return fault as unknown as Omit<Fault, 'id'>
}

const DAY_MS = 86_400_000

function readAdvance (body: unknown): number {
  const ms = typeof body === 'object' && body !== null && 'advanceMs' in body ? body.advanceMs : undefined
  if (typeof ms === 'number' && ms >= 0 && ms <= 365 * DAY_MS) return ms
  throw new AdminRefusal('advanceMs must be milliseconds, from 0 to those of a year.')
}

function showClock (clock: MovableClock): unknown {
  return { now: new Date(clock.now()).toISOString(), aheadMs: clock.aheadMs() }
}

function answer (status: number, body: unknown): WireAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: `${JSON.stringify(body)}\n` }
}
