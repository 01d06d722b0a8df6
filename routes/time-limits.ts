import type { FastifyInstance, RouteHandlerMethod } from 'fastify'

import type { Clock } from '../src/clock.js'
import { Problem } from '../src/problems.js'
import { preferredWait } from './preferences.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How long a request without a preference waits for what it asks for. */
    waitSeconds?: number
  }
}

/**
 * How long all calls to AWS of a request may take together, beyond what its caller wants to wait. Each has a bound of its own; one after
 * the other they would add up. Less than a minute, after which many proxies give up (such as AWS's load balancers, by default).
 */
const LIMIT_SECONDS = 55

/**
 * Has every request about databases answered in time. What it has begun goes on, and ends by the bounds of its calls: sent again, it finds
 * that. Statements have limits of their own.
 */
export function registerTimeLimits (app: FastifyInstance, clock: Pick<Clock, 'sleep'>): void {
  app.addHook('onRoute', route => {
    const { access, waitSeconds = 0 } = route.config ?? {}
    if (!Array.isArray(access) || access.some(scope => scope.startsWith('query:'))) return
    const { handler } = route
    const limited: RouteHandlerMethod = async function (request, reply) {
      const done = new AbortController()
      const seconds = LIMIT_SECONDS + (preferredWait(request.headers.prefer as string | undefined) ?? waitSeconds)
      const late = clock.sleep(seconds * 1_000, done.signal).then(() => {
        throw new Problem('aws-unavailable', `AWS has not answered all that this takes within ${seconds} s. What was begun goes on: send the request again.`, { retryAfterSeconds: 10 })
      })
      try {
        return await Promise.race([handler.call(this, request, reply), late])
      } finally {
        done.abort()
      }
    }
    route.handler = limited
  })
}
