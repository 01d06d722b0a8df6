import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/**
 * Calls `tell` when a caller was gone before it had its whole answer. Fastify's own hooks know it only of requests without a body: of
 * those that were read whole, Node.js does not say that they were aborted.
 */
export function onHangUp (app: FastifyInstance, tell: (request: FastifyRequest, reply: FastifyReply) => void): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.raw.once('close', () => { if (!reply.raw.writableFinished) tell(request, reply) })
  })
}
