import { Agent, request as httpRequest } from 'node:http'

/** A client that costs as little as one can: what is measured with it is the server. */
export interface PlainClient {
  /** The body of the answer, read from JSON; throws on any other status than 2xx. */
  send: <T>(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>) => Promise<T>
  close: () => void
}

/** Speaks JSON over connections that are kept, with no SDK and no signing. `always` are headers of every request. */
export function openPlainClient (url: string, always: Readonly<Record<string, string>> = {}): PlainClient {
  const agent = new Agent({ keepAlive: true })
  const { hostname, port } = new URL(url)
  return {
    close: () => { agent.destroy() },
    send: async (method, path, body, headers = {}) => await new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body)
      const about = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
      httpRequest({ hostname, port, path, method, agent, headers: { ...always, ...about, ...headers } }, response => {
        const { statusCode = 0 } = response
        let answer = ''
        response.setEncoding('utf8').on('data', (part: string) => { answer += part }).once('end', () => {
          if (statusCode >= 300) reject(new Error(`${method} ${path}: ${statusCode} ${answer}`))
          else resolve(JSON.parse(answer) as never)
        }).once('error', reject)
      }).once('error', reject).end(text)
    })
  }
}
