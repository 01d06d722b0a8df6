import type { FastifyInstance } from 'fastify'

declare module 'fastify' {
  interface FastifyInstance {
    /** Aborted when the service starts to stop: whatever waits or streams ends then, so that stopping does not wait for it. */
    closing: AbortSignal
  }
}

export function registerShutdown (app: FastifyInstance): void {
  const controller = new AbortController()
  app.decorate('closing', controller.signal)
  app.addHook('preClose', async () => { controller.abort() })
}
