import { pipeline, Readable } from 'node:stream'
import { constants, createBrotliCompress, createGzip } from 'node:zlib'

import type { FastifyReply, FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'
import { Type } from 'typebox'

import { describeProblem, toProblem } from '../src/plugins/problems.js'
import { Problem } from '../src/problems.js'
import { PROBLEM_KEY, STREAM_MEDIA, type RowFormat } from '../src/queries/streams/formats.js'
import type { RowStream } from '../src/queries/streams/stream.js'
import { csvExample, ndjsonExamples } from './examples.js'
import { chooseMedia } from './media.js'

/** What callers must know of streams, in Markdown. */
export const streamDescription = `With \`Accept: application/x-ndjson\` or \`text/csv\` a query streams its result, however large it is. It reads through a cursor in a
read-only transaction of its own, and fetches only what is taken: whoever takes nothing for two and a half minutes finds the stream ended.
What goes wrong before the first row is an ordinary problem. Afterwards the last line of NDJSON is an object whose only member is
\`${PROBLEM_KEY}\`, with the problem; no row has a column of that name. CSV has no such line: the connection is cut, and the
chunked body stays without its end. \`mode: write\`, \`dryRun\`, \`maxAffected\`, \`maxRows\`, \`explain\` and \`transactionId\`
are of no use to a stream and refused; \`timeoutMs\` is for each fetch. With \`Accept-Encoding\` gzip or br the stream is compressed, and rows
still arrive as they are made.`

const asText = (description: string) => Type.Unsafe<string>({ type: 'string', description })

export const streamContent = {
  'application/x-ndjson': {
    schema: asText('A row a line, with values as in JSON: an object by column, or with `rowFormat: array` an array. A stream that broke off ends with its problem.'),
    examples: ndjsonExamples
  },
  'text/csv': {
    schema: asText('RFC 4180 with a header row, UTF-8 and CRLF. NULL is nothing, an empty text is `""`, as in PostgreSQL\'s own CSV; ' +
      'so a row whose only column is NULL is an empty line, which some readers skip. ' +
      'Values are written as in JSON, arrays as JSON, json and jsonb as their text.'),
    examples: csvExample
  }
}

export const streamHeaders = {
  'server-timing': { type: 'string', description: 'Of a stream: `resume;dur=` and the milliseconds that a paused database took to wake up.' }
}

/** In the order of preference where the caller has none. */
const ROW_MEDIA = ['application/json', ...STREAM_MEDIA] as const

export type RowMedia = typeof ROW_MEDIA[number]

/** What the caller wants its rows in. Throws `not-acceptable` for what there is not. */
export function mediaFor (request: FastifyRequest, reply: FastifyReply): RowMedia {
  const media = chooseMedia(request, reply, ROW_MEDIA)
  if (media) return media
  throw new Problem('not-acceptable', `Accept must allow one of ${ROW_MEDIA.join(', ')}.`, { extensions: { offered: ROW_MEDIA } })
}

/** What is compressed is sent on at once: rows arrive while others are made. */
const compressors = {
  gzip: () => createGzip({ flush: constants.Z_SYNC_FLUSH }),
  br: () => createBrotliCompress({
    flush: constants.BROTLI_OPERATION_FLUSH,
    params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: 18 }
  })
} as const

/** Sends rows as they come, no faster than they are taken. */
export function sendRows (request: FastifyRequest, reply: FastifyReply, stream: RowStream, format: RowFormat): FastifyReply {
  const rows = Readable.from(encode(request, reply, stream, format))
  stream.abandoned.addEventListener('abort', () => { rows.destroy(stream.abandoned.reason as Problem) })
  // Whoever takes nothing would not take the end of it either, and the service would wait.
  const { overdue } = request.server.shutdown
  const cut = (): void => { rows.destroy(new Problem('shutting-down', 'The service is stopping.')) }
  overdue.addEventListener('abort', cut)
  rows.once('close', () => { overdue.removeEventListener('abort', cut) })
  reply.header('cache-control', 'no-store').header('x-accel-buffering', 'no').header('vary', 'accept, accept-encoding').type(format.mediaType)
  if (stream.resumedAfterMs !== null) reply.header('server-timing', `resume;dur=${stream.resumedAfterMs}`)
  const encoding = new Negotiator(request.raw).encoding(['gzip', 'br', 'identity'])
  if (encoding !== 'gzip' && encoding !== 'br') return reply.send(rows)
  // Both ends are watched: what breaks off here breaks off there.
  return reply.header('content-encoding', encoding).send(pipeline(rows, compressors[encoding](), () => {}))
}

/** A stream that breaks off says so in its last line, or is cut off where its format has no such line. */
async function * encode (request: FastifyRequest, reply: FastifyReply, stream: RowStream, format: RowFormat): AsyncGenerator<string> {
  const { columns, batches } = stream
  const write = format.writer(columns)
  try {
    const head = format.head(columns)
    if (head) yield head
    for await (const rows of batches) yield rows.map(write).join('')
  } catch (error) {
    const problem = toProblem(error)
    if (reply.raw.destroyed) request.log.info('nobody reads a stream of rows any more')
    else request.log[problem.logLevel]({ err: error, code: problem.code }, 'a stream of rows broke off')
    if (!format.problem) throw error
    yield format.problem(describeProblem(request, problem))
  }
}
