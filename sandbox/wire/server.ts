import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { Logger } from 'pino'
import { AwsError } from '../aws.js'
import type { Dispatch } from './dispatch.js'
import type { WireAnswer, WireRequest } from './message.js'

export interface WireServerOptions {
  host: string
  /** 0 takes a free one. */
  port: number
  /** Host names besides loopback's that requests may be addressed to; `*` is any. */
  allowedHosts: readonly string[]
  dispatch: Dispatch
  /** Answers what is not AWS's: undefined when a request is not for it. */
  admin: (request: WireRequest) => WireAnswer | undefined
  log: Logger
}

export interface WireServer {
  url: string
  /** Takes no new connections, lets calls in progress finish for `graceMs`, then cuts them off. */
  close: (graceMs?: number) => Promise<void>
}

const REQUEST_MS = 60_000
const limits = {
  requestTimeout: REQUEST_MS,
  headersTimeout: REQUEST_MS,
  /** Longer than clients keep an idle connection, so that it is they who close it and never in mid-request. */
  keepAliveTimeout: 75_000
}

/** Listens for AWS calls. Rejects when the address cannot be had. */
export async function startWireServer (options: WireServerOptions): Promise<WireServer> {
  const server = createServer(limits, (request, response) => { void serve(request, response, options) })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  const { address, port, family } = server.address() as AddressInfo
  const host = family === 'IPv6' ? `[${address}]` : address
  return { url: `http://${host}:${port}`, close: async (graceMs = 5000) => await stop(server, graceMs) }
}

async function serve (message: IncomingMessage, response: ServerResponse, options: WireServerOptions): Promise<void> {
  try {
    const answer = await answerTo(message, options)
    if (answer) send(response, answer)
    else message.socket.destroy()
  } catch (error) {
    if (error instanceof AwsError) return send(response, plainRefusal(error))
    if (!message.destroyed) options.log.error({ err: error }, 'a request could not be answered')
    message.socket.destroy()
  }
}

async function answerTo (message: IncomingMessage, { allowedHosts, admin, dispatch }: WireServerOptions): Promise<WireAnswer | undefined> {
  const { host, origin } = message.headers
  if (!isAllowedHost(host, allowedHosts) || !isAllowedOrigin(origin, allowedHosts)) {
    message.resume()
    throw new AwsError('AccessDeniedException', 'The sandbox answers requests to this machine only; SANDBOX_ALLOWED_HOSTS names other hosts.', 403)
  }
  const target = readTarget(message.url ?? '/')
  const body = await readBody(message)
  const request = { method: message.method ?? 'GET', ...target, headers: message.headers, body }
  return admin(request) ?? await dispatch(request)
}

/** The path and the query of a request's target, which may begin with where it is sent to. */
function readTarget (target: string): Pick<WireRequest, 'path' | 'query'> {
  const [path, search] = target.replace(/^https?:\/\/[^/?]*/i, '').split(/\?(.*)/s)
  return { path: path || '/', query: new URLSearchParams(search) }
}

function send (response: ServerResponse, { status, headers, body }: WireAnswer): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

/** For refusals before it is known which of AWS's protocols is spoken. */
function plainRefusal ({ code, message, status }: AwsError): WireAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': code, connection: 'close' },
    body: JSON.stringify({ __type: code, message })
  }
}

async function stop (server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  server.closeIdleConnections()
  const cutOff = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearTimeout(cutOff)
}

const loopback = /^(localhost|[^:]+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/i

/**
 * Whether a Host header names this machine, or one of `allowed`. A page in somebody's browser can be made to resolve
 * its own name to 127.0.0.1; its requests still carry that name.
 */
function isAllowedHost (header: string | undefined, allowed: readonly string[]): boolean {
  const name = (header ?? '').replace(/:\d+$/, '')
  return loopback.test(name) || allowed.includes('*') || allowed.includes(name)
}

/** A browser says which page sends; a page from elsewhere may not command the sandbox with a plain form. */
function isAllowedOrigin (header: string | undefined, allowed: readonly string[]): boolean {
  if (header === undefined) return true
  return isAllowedHost(header.replace(/^[a-z][a-z+.-]*:\/\//i, ''), allowed)
}

/** The Data API takes 4 MiB, headers included, and nothing else here takes as much. */
const LARGEST_BYTES = 4 * 1024 * 1024

/** The whole body, unpacked: clients pack long ones where the model lets them. Throws as {@link receive} does, or for bad gzip. */
async function readBody (request: IncomingMessage): Promise<Buffer> {
  const body = await receive(request)
  if (!/^(x-)?gzip$/i.test(request.headers['content-encoding'] ?? '')) return body
  try {
    return await promisify(gunzip)(body, { maxOutputLength: LARGEST_BYTES })
  } catch {
    throw new AwsError('InvalidRequest', `The body is not valid gzip, or holds more than ${LARGEST_BYTES} bytes.`)
  }
}

/**
 * Throws RequestEntityTooLargeException (413) beyond 4 MiB; what still arrives is then read and dropped, so that a
 * client in the middle of sending can see the answer.
 */
async function receive (request: IncomingMessage): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= LARGEST_BYTES) chunks.push(chunk)
      else refuse()
    })
    const refuse = (): void => {
      chunks.length = 0
      reject(new AwsError('RequestEntityTooLargeException', `Request size exceeded the limit of ${LARGEST_BYTES} bytes`, 413))
    }
    request.once('end', () => { resolve(Buffer.concat(chunks)) })
    request.once('error', reject)
  })
}
