import type { FastifyInstance, FastifyRequest } from 'fastify'

import type { Authenticate, Principal, Scope } from '../access/keys.js'
import { Problem } from '../problems.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sent the request; null on routes that are open to everybody. */
    principal: Principal | null
  }

  interface FastifyContextConfig {
    /**
     * Who may use the route: `open` to everybody, `any-key`, or keys with at least one of these scopes. A route without it
     * is closed to all.
     */
    access?: 'open' | 'any-key' | readonly Scope[]
  }
}

/** Looks at the key of every request before its body is read. */
export function registerAuthentication (app: FastifyInstance, authenticate: Authenticate): void {
  app.decorateRequest('principal', null)
  app.addHook('onRequest', async request => {
    const { access } = request.routeOptions.config
    if (access === 'open' || request.is404) return
    request.principal = authenticateRequest(request, authenticate)
    if (access === 'any-key') return
    if (!access?.some(request.principal.mayUse)) {
      throw new Problem('forbidden', `This needs a key with the scope ${access?.join(' or ') ?? 'of an administrator'}.`)
    }
  })
}

function authenticateRequest (request: FastifyRequest, authenticate: Authenticate): Principal {
  const { authorization } = request.headers
  if (authorization === undefined) throw new Problem('unauthorized', 'No key was sent. Send it as Authorization: Bearer <key>.')
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
  const principal = token === undefined ? null : authenticate(token)
  if (!principal) throw new Problem('unauthorized', 'The key that was sent is not known here, or has expired.')
  return principal
}

/** The key behind a request. Throws on an open route, where there may be none. */
export function principalOf (request: FastifyRequest): Principal {
  if (!request.principal) throw new Problem('unauthorized', 'No key was sent.')
  return request.principal
}
