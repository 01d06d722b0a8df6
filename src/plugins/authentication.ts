import type { FastifyInstance, FastifyRequest } from 'fastify'

import type { Authenticate, Caller, Principal, Scope } from '../access/keys.js'
import { isSigned, type CheckSignature } from '../access/signatures.js'
import { Problem } from '../problems.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sent the request; null on routes that are open to everybody. */
    principal: Caller | null
    /** Who signed it, once there is the body that the signature is of too. */
    signer: ReturnType<CheckSignature> | null
  }

  interface FastifyContextConfig {
    /**
     * Who may use the route: `open` to everybody, `any-key`, or keys with at least one of these scopes. A route without it
     * is closed to all.
     */
    access?: 'open' | 'any-key' | readonly Scope[]
  }
}

/** Looks at the key of every request before its body is read; of one that is signed, where that is taken, right after. */
export function registerAuthentication (app: FastifyInstance, authenticate: Authenticate, checkSignature: CheckSignature): void {
  app.decorateRequest('principal', null)
  app.decorateRequest('signer', null)
  app.addHook('onRequest', async request => {
    const { access, speaksAws } = request.routeOptions.config
    if (access === 'open' || request.is404) return
    if (speaksAws && isSigned(request.headers.authorization)) request.signer = checkSignature(headOf(request))
    else admit(request, authenticateRequest(request, authenticate))
  })
  app.addHook('preValidation', async request => {
    if (request.signer) admit(request, request.signer(request.body instanceof Buffer ? request.body : Buffer.alloc(0)))
  })
}

function admit (request: FastifyRequest, principal: Principal): void {
  request.principal = { ...principal, requestId: request.id }
  const { access } = request.routeOptions.config
  if (access !== 'any-key' && (access === undefined || access === 'open' || !access.some(principal.mayUse))) {
    throw new Problem('forbidden', `This needs a key with the scope ${Array.isArray(access) ? access.join(' or ') : 'of an administrator'}.`)
  }
}

function headOf ({ method, params, raw }: FastifyRequest) {
  return { method, url: raw.url ?? '', rawHeaders: raw.rawHeaders, databaseId: (params as { id?: string }).id ?? '' }
}

function authenticateRequest (request: FastifyRequest, authenticate: Authenticate): Principal {
  const { authorization } = request.headers
  if (authorization === undefined) throw new Problem('unauthorized', 'No key was sent. Send it as Authorization: Bearer <key>.')
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
  if (token === undefined) throw new Problem('unauthorized', 'The Authorization header is none that is taken here. Send the key as Authorization: Bearer <key>.')
  const principal = authenticate(token)
  if (!principal) throw new Problem('unauthorized', 'The key that was sent is not known here, or has expired.')
  return principal
}

/** The key behind a request. Throws on an open route, where there may be none. */
export function principalOf (request: FastifyRequest): Caller {
  if (!request.principal) throw new Problem('unauthorized', 'No key was sent.')
  return request.principal
}
