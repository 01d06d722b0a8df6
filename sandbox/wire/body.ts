import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { AwsError } from '../aws.js'

/** The Data API takes 4 MiB, headers included, and nothing else here takes as much. */
const LARGEST_BYTES = 4 * 1024 * 1024

/** The whole body, unpacked: clients pack long ones where the model lets them. Throws as {@link receive} does, or for bad gzip. */
export async function readBody (request: IncomingMessage): Promise<Buffer> {
  const body = await receive(request)
  if (request.headers['content-encoding'] !== 'gzip') return body
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
