import { ExecuteStatementCommand, type RDSDataClient } from '@aws-sdk/client-rds-data'

import { toDataApiFailure } from './data-api.js'
import { AwsFailure } from './errors.js'

/** An answer of the Data API as it came. */
export interface WireAnswer {
  status: number
  headers: Readonly<Record<string, string>>
  body: Uint8Array
}

export type DataApiWire = ReturnType<typeof createDataApiWire>

interface OutgoingRequest { path: string, headers: Record<string, string>, body: unknown }
interface IncomingResponse { statusCode: number, headers: Record<string, string>, body: never }

const FORBIDDEN = 403

/** What the SDK's deserializer is given: the answer goes past it. */
const nothing = new TextEncoder().encode('{}')

/**
 * The RDS Data API as bytes: neither a request nor an answer is read, so that none loses anything. The SDK finds the endpoint, signs
 * and sends, once. Throws a `DataApiFailure` when no answer came, and {@link AwsFailure} when AWS refused not the request but us.
 */
export function createDataApiWire (clientFor: (region: string) => RDSDataClient) {
  const forward = async (region: string, operation: string, body: Uint8Array, signal: AbortSignal): Promise<WireAnswer> => {
    const client = clientFor(region)
    let answer: WireAnswer | null = null
    // Its members are never sent: the body takes the place of what they are serialized to.
    const command = new ExecuteStatementCommand({ resourceArn: '', secretArn: '', sql: '' })
    command.middlewareStack.add(next => async args => {
      const request = args.request as OutgoingRequest
      request.path = request.path.replace(/Execute$/, operation)
      request.headers['content-length'] = String(body.byteLength)
      request.body = body
      return await next(args)
    }, { step: 'build', name: 'sendBytes', priority: 'high' })
    command.middlewareStack.add(next => async args => {
      const { statusCode, headers, body } = (await next(args)).response as IncomingResponse
      answer = { status: statusCode, headers, body: await client.config.streamCollector(body) }
      // The SDK corrects its clock by the headers.
      return { response: { statusCode: 200, headers, body: nothing } }
    }, { step: 'deserialize', name: 'keepBytes', priority: 'low' })
    try {
      await client.send(command, { abortSignal: signal })
    } catch (error) {
      throw toDataApiFailure(error)
    }
    return assertOurs(answer)
  }

  return { forward }
}

/** A 403 is about the role of this service, whoever has asked, and names it. */
function assertOurs (answer: WireAnswer | null): WireAnswer {
  if (!answer) throw new AwsFailure('unavailable', 'NoAnswer', 'The Data API was not asked.')
  if (answer.status !== FORBIDDEN) return answer
  throw new AwsFailure('denied', errorTypeOf(answer) ?? 'AccessDeniedException', new TextDecoder().decode(answer.body))
}

/** AWS's name of the error in an answer, such as `DatabaseErrorException`; null when it is none. */
export function errorTypeOf ({ headers }: Pick<WireAnswer, 'headers'>): string | null {
  return headers['x-amzn-errortype']?.split(':')[0] ?? null
}
