import type { IncomingHttpHeaders } from 'node:http'

/** A request that has arrived whole. */
export interface WireRequest {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  body: Buffer
}

export interface WireAnswer {
  status: number
  headers: Record<string, string>
  body: string | Uint8Array
}

const forms = new WeakMap<WireRequest, URLSearchParams>()

/** The query string, or the body of a form; read once for each request. */
export function formOf (request: WireRequest): URLSearchParams {
  const isInQuery = request.method === 'GET' || request.body.length === 0
  const form = forms.get(request) ?? (isInQuery ? request.query : new URLSearchParams(request.body.toString('utf8')))
  forms.set(request, form)
  return form
}
