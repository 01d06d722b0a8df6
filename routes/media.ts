import type { FastifyReply, FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'

/**
 * The one of the offered media types that `Accept` likes best, the first of them where it likes several alike or says nothing; undefined
 * when it likes none. A cache is told that it makes a difference (RFC 9110, 12.5.1).
 */
export function chooseMedia<Media extends string> (
  request: FastifyRequest,
  reply: FastifyReply,
  offered: readonly Media[]
): Media | undefined {
  reply.header('vary', 'accept')
  const { accept = '' } = request.headers
  if (!accept.trim()) return offered[0]
  const media = new Negotiator({ headers: { accept: withoutParameters(accept) } }).mediaType([...offered])
  return offered.find(each => each === media)
}

/** Some clients ask for a charset, of which there is one. What is left is the weights. */
const withoutParameters = (accept: string): string => accept.replace(/;(?!\s*q\s*=)[^;,]*/gi, '')
