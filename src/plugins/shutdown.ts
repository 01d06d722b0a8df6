import type { Socket } from 'node:net'

import type { FastifyInstance } from 'fastify'

import type { Clock } from '../clock.js'
import { Problem } from '../problems.js'
import type { Shutdown } from '../shutdown.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** When whatever waits or streams ends, and when statements do, so that stopping does not wait for them. */
    shutdown: Pick<Shutdown, 'stopping' | 'overdue'>
  }
}

/** How long what is under way may take to end: a bit less than the process has from a signal to its end. */
const END_MS = 9_000

/**
 * Lets what is under way end, and refuses what still comes on connections that are kept alive. What has not ended in time, such as an
 * answer that nobody reads, is cut off, so that the rest of the service still stops in order.
 */
export function registerShutdown (app: FastifyInstance, shutdown: Shutdown, clock: Pick<Clock, 'sleep'>): void {
  const closed = new AbortController()
  app.decorate('shutdown', shutdown)
  const unused = watchUnused(app)
  app.addHook('preClose', async () => {
    shutdown.begin()
    for (const socket of unused) socket.destroy()
    // Connections whose answer had begun before have promised to stay open. Node.js closes only those that are idle now.
    app.server.keepAliveTimeout = 1
    void cutOffLate(app, clock, closed.signal)
  })
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (shutdown.stopping.aborted) reply.header('connection', 'close')
    done(null, payload)
  })
  app.addHook('onClose', async () => {
    closed.abort()
    shutdown.end()
  })
  app.addHook('onRequest', async () => {
    if (shutdown.stopping.aborted) throw new Problem('shutting-down', 'The service is stopping.')
  })
}

async function cutOffLate (app: FastifyInstance, clock: Pick<Clock, 'sleep'>, closed: AbortSignal): Promise<void> {
  await clock.sleep(END_MS, closed)
  if (closed.aborted) return
  app.log.warn({ afterMs: END_MS }, 'requests that have not ended are cut off, for the service stops')
  app.server.closeAllConnections()
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
