import type { FastifyReply, FastifyRequest } from 'fastify'

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

/** Aborted when the caller hangs up before it has its answer. */
export function hangUp (request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.on('close', () => { if (!reply.raw.writableFinished) controller.abort() })
  return AbortSignal.any([controller.signal, request.server.closing])
}
