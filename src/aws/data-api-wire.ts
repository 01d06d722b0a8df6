import { ExecuteStatementCommand, type RDSDataClient } from '@aws-sdk/client-rds-data'
import { getEndpointFromInstructions } from '@smithy/core/endpoints'
import { HttpRequest } from '@smithy/core/protocols'

import { AwsFailure, kindOf, toFailure } from './errors.js'
import type { Meter } from './metering.js'

/** An answer of the Data API as it came. */
export interface WireAnswer {
  status: number
  headers: Readonly<Record<string, string>>
  body: Uint8Array
}

export type DataApiWire = ReturnType<typeof createDataApiWire>

/** What stays the same from call to call of one client. */
interface Way {
  url: URL
  /** With a slash at neither end of what follows it. */
  prefix: string
  signer: Awaited<ReturnType<RDSDataClient['config']['signer']>>
}

const FORBIDDEN = 403

/** AWS takes no request that was signed by a clock further off than this. */
const MOST_SKEW_MS = 300_000

/**
 * The RDS Data API as bytes: neither a request nor an answer is read, so that none loses anything. The endpoint, the credentials, the
 * signature and the connections are those of the SDK's client; its middleware, which costs about as much as all of them together, is
 * left out, since nothing is ever sent twice. Throws {@link AwsFailure}: `denied` when AWS refused not the request but us, and
 * `unavailable` with the code of the connection's failure when no answer came.
 */
export function createDataApiWire (clientFor: (region: string) => RDSDataClient, note: Meter['note'] = () => {}) {
  const ways = new WeakMap<RDSDataClient, Promise<Way>>()

  const wayOf = async (client: RDSDataClient): Promise<Way> => {
    const known = ways.get(client)
    if (known) return await known
    const found = findWay(client)
    ways.set(client, found)
    found.catch(() => { ways.delete(client) })
    return await found
  }

  const send = async (region: string, operation: string, body: Uint8Array, signal: AbortSignal | undefined): Promise<WireAnswer> => {
    const client = clientFor(region)
    try {
      const { url, prefix, signer } = await wayOf(client)
      const request = new HttpRequest({
        method: 'POST',
        protocol: url.protocol,
        hostname: url.hostname,
        ...(url.port === '' ? {} : { port: Number(url.port) }),
        path: `${prefix}/${operation}`,
        headers: { host: url.host, 'content-type': 'application/json', 'content-length': String(body.byteLength) },
        body
      })
      const signed = await signer.sign(request, { signingDate: new Date(Date.now() + client.config.systemClockOffset) })
      const { response } = await client.config.requestHandler.handle(signed as HttpRequest, signal ? { abortSignal: signal } : {})
      correctClock(client, response.headers)
      return assertOurs({ status: response.statusCode, headers: response.headers, body: await client.config.streamCollector(response.body) })
    } catch (error) {
      throw toFailure(error)
    }
  }

  const forward = async (region: string, operation: string, body: Uint8Array, signal?: AbortSignal): Promise<WireAnswer> => {
    const startedAt = performance.now()
    let failure: Parameters<Meter['note']>[1] = null
    try {
      const answer = await send(region, operation, body, signal)
      if (answer.status !== 200) failure = kindOf(errorTypeOf(answer) ?? '', '', answer.status)
      return answer
    } catch (error) {
      failure = signal?.aborted ? 'abandoned' : toFailure(error).kind
      throw error
    } finally {
      note({ service: 'rds-data', region, operation, subject: '' }, failure, performance.now() - startedAt)
    }
  }

  return { forward }
}

/** The SDK's own rules find the endpoint: by the region, the environment, the configuration file. */
async function findWay (client: RDSDataClient): Promise<Way> {
  const { url } = await getEndpointFromInstructions({}, ExecuteStatementCommand, client.config)
  return { url, prefix: url.pathname.replace(/\/$/, ''), signer: await client.config.signer() }
}

/** As the SDK does: the next request is signed with AWS's time where ours is too far from it. */
function correctClock ({ config }: RDSDataClient, { date = '' }: Readonly<Record<string, string>>): void {
  const awsMs = Date.parse(date)
  if (Math.abs(awsMs - (Date.now() + config.systemClockOffset)) >= MOST_SKEW_MS) config.systemClockOffset = awsMs - Date.now()
}

/** A 403 is about the role of this service, whoever has asked, and names it. */
function assertOurs (answer: WireAnswer): WireAnswer {
  if (answer.status !== FORBIDDEN) return answer
  throw new AwsFailure('denied', errorTypeOf(answer) ?? 'AccessDeniedException', new TextDecoder().decode(answer.body))
}

/** AWS's name of the error in an answer, such as `DatabaseErrorException`; null when it is none. */
export function errorTypeOf ({ headers }: Pick<WireAnswer, 'headers'>): string | null {
  return headers['x-amzn-errortype']?.split(':')[0] ?? null
}
