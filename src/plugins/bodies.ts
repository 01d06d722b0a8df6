import { isUtf8 } from 'node:buffer'

import type { FastifyInstance } from 'fastify'

import { Problem } from '../problems.js'
import { findRepeatedName } from '../json-members.js'

/**
 * Which bodies are read: JSON in UTF-8, of which no byte is taken for another. Many clients announce JSON and send nothing; where a
 * body may be left out, that is none.
 */
export function registerBodies (app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  // Fastify takes plain text too.
  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
    if (bytes.length === 0 && mayBeLeftOut(request.routeOptions.schema?.body)) return done(null, undefined)
    if (!isUtf8(bytes)) return done(new Problem('malformed-json', 'The body is not in UTF-8.'))
    const text = bytes.toString()
    void parse(request, text, (error, body) => {
      if (error) return done(isJson(text) ? poisoned() : error)
      const name = findRepeatedName(text)
      if (name === null) done(null, body)
      else done(new Problem('malformed-json', `The body has ${name} twice in one object, of which only one value could count.`, { isConfidential: true }))
    })
  })
  app.addHook('preParsing', async ({ headers: { 'content-encoding': coding } }) => {
    if (coding !== undefined && !/^\s*(identity)?\s*$/i.test(coding)) throw new Problem('unsupported-media-type', `A body with Content-Encoding ${coding} is not taken: send it as it is.`)
  })
}

/** JSON that code which merges objects could be misled by (CWE-1321) is not read, so that none has to watch out for it. */
function poisoned (): Problem {
  return new Problem('malformed-json', 'The body has a key __proto__, or constructor with a key prototype in it, which is not taken here.')
}

function isJson (text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function mayBeLeftOut (schema: unknown): boolean {
  if (schema === undefined) return true
  const { anyOf = [] } = schema as { anyOf?: Array<{ type?: unknown }> }
  return anyOf.some(({ type }) => type === 'null')
}
