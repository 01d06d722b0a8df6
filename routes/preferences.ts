import type { FastifyReply, FastifyRequest } from 'fastify'

import type { Database } from '../src/databases/database.js'
import type { Databases } from '../src/databases/databases.js'
import { principalOf } from '../src/plugins/authentication.js'
import { Problem } from '../src/problems.js'
import type { Call, WaitingCall } from '../src/queries/calls/call.js'

/** The longest that an answer is held back. */
const LONGEST_WAIT_SECONDS = 60

/** The `wait` of a `Prefer` header (RFC 7240) in seconds, null without one. What cannot be read is ignored, as the RFC asks. */
export function preferredWait (prefer: string | undefined): number | null {
  const wait = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:$|[,;])/i.exec(prefer ?? '')?.[1]
  return wait === undefined ? null : Math.min(Number(wait), LONGEST_WAIT_SECONDS)
}

/** Tells the caller that its wish was followed, and how far. */
export function applyWait (reply: FastifyReply, seconds: number): void {
  reply.header('preference-applied', `wait=${seconds}`)
}

/** How long a paused database is waited for when the caller has no preference. */
const RESUME_WAIT_SECONDS = 30

/** For what waits or streams: aborted when the caller has hung up or has its whole answer, and when the service stops. */
export function hangUp ({ server: { shutdown } }: FastifyRequest, reply: FastifyReply): AbortSignal {
  return untilClosed(reply, shutdown.stopping)
}

/** For statements: aborted when the caller has hung up or has its whole answer, and when a service that stops gives them no more time. */
export function cutOff ({ server: { shutdown } }: FastifyRequest, reply: FastifyReply): AbortSignal {
  return untilClosed(reply, shutdown.overdue)
}

/** What is asked of the database in the path, until `signal` is aborted. */
export function callOf (request: FastifyRequest<{ Params: { id: string } }>, signal: AbortSignal): Call {
  return { caller: principalOf(request), id: request.params.id, signal }
}

/** The same, of what waits for a paused database: as long as the caller prefers. */
export function waitingCallOf (
  request: FastifyRequest<{ Params: { id: string }, Headers: { prefer?: string } }>, reply: FastifyReply, signal: AbortSignal
): WaitingCall {
  const preferred = preferredWait(request.headers.prefer)
  if (preferred !== null) applyWait(reply, preferred)
  return { ...callOf(request, signal), waitSeconds: preferred ?? RESUME_WAIT_SECONDS }
}

/** Without a reason, each request would make an error with a stack trace, which costs more than all else here. */
const OVER = new Error('The caller has hung up or has its whole answer, or the service stops.')

function untilClosed (reply: FastifyReply, stop: AbortSignal): AbortSignal {
  const controller = new AbortController()
  const end = (): void => {
    // A signal made of both with `any` would stay on the list of the one that lives as long as the service.
    stop.removeEventListener('abort', end)
    controller.abort(OVER)
  }
  stop.addEventListener('abort', end)
  reply.raw.once('close', end)
  if (stop.aborted) end()
  return controller.signal
}

/** Whether AWS is to be asked before the answer (RFC 9111, `no-cache` in a request). */
export function wantsFresh ({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return /\bno-cache\b/i.test(headers['cache-control'] ?? '')
}

/** Reads a database; held back as long as the caller prefers, for the operation to settle. */
export type Settle = (request: FastifyRequest, reply: FastifyReply, id: string, now: () => Promise<Database>) => Promise<Database>

export function createSettle (databases: Pick<Databases, 'untilSettled'>): Settle {
  return async (request, reply, id, now) => {
    const seconds = preferredWait(request.headers.prefer as string | undefined)
    if (seconds === null) return await now()
    applyWait(reply, seconds)
    return await databases.untilSettled(principalOf(request), id, seconds, hangUp(request, reply), { isFresh: wantsFresh(request) })
  }
}

/**
 * Whoever names a request so that it may be sent again must not believe that of a statement which writes: nothing remembers it, and it
 * would run again.
 */
export function refuseIdempotencyKey (request: FastifyRequest): void {
  if (request.headers['idempotency-key'] === undefined) return
  throw new Problem('invalid-request', 'Idempotency-Key is not possible for statements that may write: nothing remembers them, ' +
    'and sent again they run again. Leave it out, and write them so that they may, as with ON CONFLICT DO NOTHING.', {
    errors: [{ path: '/idempotency-key', message: 'is not possible for statements that may write' }]
  })
}
