import { subscribe, unsubscribe } from 'node:diagnostics_channel'

import type { FastifyInstance, RouteOptions } from 'fastify'

const CHANNEL = 'fastify.initialization'

/** Builds an app and collects every route of it, also those of plugins: Fastify tells of an app before it has any route. */
export async function collectRoutes (build: () => Promise<FastifyInstance>): Promise<{ app: FastifyInstance, routes: RouteOptions[] }> {
  const routes: RouteOptions[] = []
  const listen = (message: unknown): void => {
    (message as { fastify: FastifyInstance }).fastify.addHook('onRoute', route => { routes.push(route) })
  }
  subscribe(CHANNEL, listen)
  try {
    return { app: await build(), routes }
  } finally {
    unsubscribe(CHANNEL, listen)
  }
}
