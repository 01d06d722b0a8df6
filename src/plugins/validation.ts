import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import type { FastifyInstance } from 'fastify'

/**
 * Bodies are taken as they are: a number in quotes is a text, and a mistake. Paths, queries and headers are texts by
 * nature, so there a text may stand for a number. Nothing unknown is dropped: it is refused.
 */
export function registerValidation (app: FastifyInstance): void {
  const options = { allErrors: true, useDefaults: true, removeAdditional: false, strict: false } as const
  const exact = new Ajv(options)
  const coercing = new Ajv({ ...options, coerceTypes: 'array' })
  for (const ajv of [exact, coercing]) formats.default(ajv)

  // A query that a route knows nothing of is a mistake, too: `dryRun` where there is none must not be taken for granted.
  app.addHook('onRoute', ({ url, schema }) => {
    if (schema && url.startsWith('/v1/')) schema.querystring ??= { type: 'object', properties: {}, additionalProperties: false }
  })

  app.setValidatorCompiler(({ schema, httpPart }) => {
    const ajv = httpPart === 'body' ? exact : coercing
    for (const shared of Object.values(app.getSchemas())) {
      const { $id } = shared as { $id: string }
      if (!ajv.getSchema($id)) ajv.addSchema(shared as object)
    }
    return ajv.compile(schema as object)
  })
}
