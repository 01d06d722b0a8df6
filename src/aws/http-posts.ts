import { Agent, type Dispatcher } from 'undici'

export interface HttpPost {
  /** Such as `https://rds-data.eu-west-1.amazonaws.com`. */
  origin: string
  path: string
  headers: Record<string, string>
  body: Uint8Array
}

/** An answer as it came, with the names of its headers in lower case. */
export interface HttpAnswer {
  status: number
  headers: Readonly<Record<string, string>>
  body: Uint8Array
}

export interface HttpPosts {
  /**
   * Sends once, and resolves with whatever is answered. Rejects with a {@link NeverSent} when no byte of it has left, else with
   * the failure of its connection. A signal that is aborted ends the connection: what was sent may have arrived.
   */
  send: (post: HttpPost, signal?: AbortSignal) => Promise<HttpAnswer>
  /** Ends every connection, also those on which an answer is waited for. */
  destroy: () => void
}

export interface HttpPostsOptions {
  /** How long a connection may take to come about. */
  connectMs: number
  /** How long an answer may take to begin, and pause. */
  answerMs: number
  /** How long a connection is kept that nothing is sent on, where the server does not say how long it keeps it. */
  idleMs: number
}

/** A request that has certainly not arrived: there was no connection for it. */
export class NeverSent extends Error {
  override readonly name = 'NeverSent'
}

/**
 * Sends POSTs over connections that are kept, as many as are needed at once. Nothing is ever sent twice, and nothing follows on a
 * connection before its answer.
 */
export function createHttpPosts ({ connectMs, answerMs, idleMs }: HttpPostsOptions): HttpPosts {
  const agent = new Agent({
    connect: { timeout: connectMs },
    headersTimeout: answerMs,
    bodyTimeout: answerMs,
    keepAliveTimeout: idleMs,
    pipelining: 1
  })
  return {
    send: async (post, signal) => await new Promise((resolve, reject) => {
      agent.dispatch({ ...post, method: 'POST' }, new Receiver(resolve, reject, signal))
    }),
    destroy: () => { agent.destroy().catch(() => {}) }
  }
}

/** Puts an answer together; the names of its methods are those that undici calls. */
class Receiver implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: HttpAnswer) => void
  readonly #reject: (error: unknown) => void
  readonly #signal: AbortSignal | undefined
  readonly #parts: Buffer[] = []
  #status = 0
  #headers: Record<string, string> = {}
  #abort: (() => void) | null = null

  constructor (resolve: (answer: HttpAnswer) => void, reject: (error: unknown) => void, signal: AbortSignal | undefined) {
    this.#resolve = resolve
    this.#reject = reject
    this.#signal = signal
  }

  /** There is a connection, and nothing has been written to it. */
  onRequestStart (controller: Dispatcher.DispatchController): void {
    if (this.#signal?.aborted) return controller.abort(new Error('It was not wanted any more.'))
    this.#abort = () => { controller.abort(new Error('It was given up.')) }
    this.#signal?.addEventListener('abort', this.#abort, { once: true })
  }

  onResponseStart (_: Dispatcher.DispatchController, status: number, headers: Record<string, string | string[]>): void {
    this.#status = status
    for (const [name, value] of Object.entries(headers)) this.#headers[name] = String(value)
  }

  onResponseData (_: Dispatcher.DispatchController, part: Buffer): void {
    this.#parts.push(part)
  }

  onResponseEnd (): void {
    this.#forget()
    const [only] = this.#parts
    const body = only && this.#parts.length === 1 ? only : Buffer.concat(this.#parts)
    this.#resolve({ status: this.#status, headers: this.#headers, body })
  }

  onResponseError (_: Dispatcher.DispatchController, error: Error): void {
    this.#forget()
    this.#reject(this.#abort ? error : new NeverSent(error.message, { cause: error }))
  }

  #forget (): void {
    if (this.#abort) this.#signal?.removeEventListener('abort', this.#abort)
  }
}
