import type { FastifyInstance } from 'fastify'

/** Which bodies are read: JSON. Many clients announce JSON and send nothing; where a body may be left out, that is none. */
export function registerBodies (app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  // Fastify takes plain text too.
  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '' && mayBeLeftOut(request.routeOptions.schema?.body)) done(null, undefined)
    else void parse(request, body, done)
  })
}

function mayBeLeftOut (schema: unknown): boolean {
  if (schema === undefined) return true
  const { anyOf = [] } = schema as { anyOf?: Array<{ type?: unknown }> }
  return anyOf.some(({ type }) => type === 'null')
}
