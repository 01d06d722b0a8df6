import { setMaxListeners } from 'node:events'

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
  app.addHook('preClose', async () => { controller.abort() })
  app.addHook('onRequest', async () => {
    if (controller.signal.aborted) throw new Problem('shutting-down', 'The service is stopping.')
  })
}
