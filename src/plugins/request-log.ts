import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { onHangUp } from './request-ends.js'

/** An id that a caller may choose for its request: nothing that could forge a line of a log. */
const saneId = /^[\w.:-]{1,128}$/

/** The caller's `x-request-id`, if it sent a sane one, else a new one. */
export function requestIdOf ({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && saneId.test(given) ? given : randomUUID()
}

/** One line per request, with who asked for which database: no body, no header, no query, so no secret. */
export function registerRequestLog (app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => { reply.header('x-request-id', request.id) })
  app.addHook('onResponse', async (request, reply) => { request.log.info(factsOf(request, reply, reply.statusCode), 'answered') })
  onHangUp(app, (request, reply) => { request.log.info(factsOf(request, reply, null), 'the caller hung up before it had its whole answer') })
}

function factsOf (request: FastifyRequest, reply: FastifyReply, status: number | null): object {
  const { id } = (request.params ?? {}) as { id?: string }
  return {
    method: request.method,
    route: request.routeOptions.url ?? null,
    status,
    durationMs: Math.round(reply.elapsedTime),
    keyId: request.principal?.keyId ?? null,
    ...(id === undefined ? {} : { databaseId: id })
  }
}
