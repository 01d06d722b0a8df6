import type { Socket } from 'node:net'

import type { FastifyInstance } from 'fastify'

import { Problem } from '../problems.js'
import type { Shutdown } from '../shutdown.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** When whatever waits or streams ends, and when statements do, so that stopping does not wait for them. */
    shutdown: Pick<Shutdown, 'stopping' | 'overdue'>
  }
}

/** Lets what is under way end, and refuses what still comes on connections that are kept alive. */
export function registerShutdown (app: FastifyInstance, shutdown: Shutdown): void {
  app.decorate('shutdown', shutdown)
  const unused = watchUnused(app)
  app.addHook('preClose', async () => {
    shutdown.begin()
    for (const socket of unused) socket.destroy()
    // Connections whose answer had begun before have promised to stay open. Node.js closes only those that are idle now.
    app.server.keepAliveTimeout = 1
  })
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (shutdown.stopping.aborted) reply.header('connection', 'close')
    done(null, payload)
  })
  app.addHook('onClose', async () => { shutdown.end() })
  app.addHook('onRequest', async () => {
    if (shutdown.stopping.aborted) throw new Problem('shutting-down', 'The service is stopping.')
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
