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

/** The query string and, of a form, its body. */
export function formOf (request: WireRequest): URLSearchParams {
  if (request.method === 'GET' || request.body.length === 0) return request.query
  return new URLSearchParams(request.body.toString('utf8'))
}
