import { setMaxListeners } from 'node:events'
import type { Socket } from 'node:net'

import type { FastifyInstance } from 'fastify'

import { Problem } from '../problems.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Aborted when the service starts to stop: whatever waits or streams ends then, so that stopping does not wait for it. */
    closing: AbortSignal
  }
}

/** Lets what is under way end, and refuses what still comes on connections that are kept alive. */
export function registerShutdown (app: FastifyInstance): void {
  const controller = new AbortController()
  // Each request that waits or streams listens to it.
  setMaxListeners(0, controller.signal)
  app.decorate('closing', controller.signal)
  const unused = watchUnused(app)
  app.addHook('preClose', async () => {
    controller.abort()
    for (const socket of unused) socket.destroy()
  })
  app.addHook('onRequest', async () => {
    if (controller.signal.aborted) throw new Problem('shutting-down', 'The service is stopping.')
  })
}

/**
 * Connections that no request has come on: clients open some in advance. Node.js does not count them as idle, and would wait for
 * them for as long as a request may take.
 */
function watchUnused ({ server }: FastifyInstance): ReadonlySet<Socket> {
  const unused = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    unused.add(socket)
    socket.once('close', () => { unused.delete(socket) })
  })
  server.on('request', ({ socket }) => { unused.delete(socket) })
  return unused
}
