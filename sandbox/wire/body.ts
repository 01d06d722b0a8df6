import type { IncomingMessage } from 'node:http'
import { AwsError } from '../aws.js'

/** The Data API takes 4 MiB, headers included, and nothing else here takes as much. */
const LARGEST_BYTES = 4 * 1024 * 1024

/**
 * The whole body. Throws RequestEntityTooLargeException (413) beyond 4 MiB; what still arrives is then read and
 * dropped, so that a client in the middle of sending can see the answer.
 */
export async function readBody (request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > LARGEST_BYTES) {
      request.resume()
      throw new AwsError('RequestEntityTooLargeException', `Request size exceeded the limit of ${LARGEST_BYTES} bytes`, 413)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
