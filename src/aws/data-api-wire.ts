import { ExecuteStatementCommand, type RDSDataClient } from '@aws-sdk/client-rds-data'
import { getEndpointFromInstructions } from '@smithy/core/endpoints'
import { HttpRequest } from '@smithy/core/protocols'

import { AwsFailure, kindOf, toFailure } from './errors.js'
import { NeverSent, type HttpAnswer, type HttpPost, type HttpPosts } from './http-posts.js'
import type { Meter } from './metering.js'

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
 * The RDS Data API as bytes: neither a request nor an answer is read, so that none loses anything. The endpoint, the credentials and
 * the signature are those of the SDK's client; its middleware and its connections, which cost more than all of them together, are left
 * out, since nothing is ever sent twice. Throws {@link AwsFailure}: `denied` when AWS refused not the request but us, and
 * `unavailable` when no answer came, with the code `NeverSent` when the request has certainly not arrived.
 */
export function createDataApiWire (clientFor: (region: string) => RDSDataClient, posts: Pick<HttpPosts, 'send'>, note: Meter['note'] = () => {}) {
  const ways = new WeakMap<RDSDataClient, Promise<Way>>()

  const wayOf = async (client: RDSDataClient): Promise<Way> => {
    const known = ways.get(client)
    if (known) return await known
    const found = findWay(client)
    ways.set(client, found)
    found.catch(() => { ways.delete(client) })
    return await found
  }

  const sign = async (client: RDSDataClient, operation: string, body: Uint8Array): Promise<HttpPost> => {
    const { url, prefix, signer } = await wayOf(client)
    const path = `${prefix}/${operation}`
    const request = new HttpRequest({
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      path,
      headers: { host: url.host, 'content-type': 'application/json', 'content-length': String(body.byteLength) },
      body
    })
    const { headers } = await signer.sign(request, { signingDate: new Date(Date.now() + client.config.systemClockOffset) })
    return { origin: url.origin, path, headers, body }
  }

  const send = async (region: string, operation: string, body: Uint8Array, signal: AbortSignal | undefined): Promise<HttpAnswer> => {
    const client = clientFor(region)
    const post = await sign(client, operation, body).catch((error: unknown) => { throw neverSent(error) })
    const answer = await posts.send(post, signal).catch((error: unknown) => { throw toFailure(error) })
    correctClock(client, answer.headers)
    return assertOurs(answer)
  }

  const forward = async (region: string, operation: string, body: Uint8Array, signal?: AbortSignal): Promise<HttpAnswer> => {
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

/** What fails before there is a request, such as the way to the credentials, has not sent any. */
function neverSent (error: unknown): AwsFailure {
  const failure = toFailure(error)
  return failure.kind === 'unavailable' ? toFailure(new NeverSent(failure.message, { cause: error })) : failure
}

/** As the SDK does: the next request is signed with AWS's time where ours is too far from it. */
function correctClock ({ config }: RDSDataClient, { date = '' }: Readonly<Record<string, string>>): void {
  const awsMs = Date.parse(date)
  if (Math.abs(awsMs - (Date.now() + config.systemClockOffset)) >= MOST_SKEW_MS) config.systemClockOffset = awsMs - Date.now()
}

/** A 403 is about the role of this service, whoever has asked, and names it. */
function assertOurs (answer: HttpAnswer): HttpAnswer {
  if (answer.status !== FORBIDDEN) return answer
  throw new AwsFailure('denied', errorTypeOf(answer) ?? 'AccessDeniedException', new TextDecoder().decode(answer.body))
}

/** AWS's name of the error in an answer, such as `DatabaseErrorException`; null when it is none. */
export function errorTypeOf ({ headers }: Pick<HttpAnswer, 'headers'>): string | null {
  return headers['x-amzn-errortype']?.split(':')[0] ?? null
}
