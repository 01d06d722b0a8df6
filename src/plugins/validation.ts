import { Ajv, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'
import type { FastifyInstance, FastifySchemaCompiler } from 'fastify'

/** What Fastify asks of a validator. */
type Validator = ReturnType<FastifySchemaCompiler<unknown>>

const OPTIONS = { allErrors: true, useDefaults: true, removeAdditional: false, strict: false } as const

/**
 * Bodies are taken as they are: a number in quotes is a text, and a mistake. Paths, queries and headers are texts by
 * nature, so there a text may stand for a number. Nothing unknown is dropped: it is refused.
 *
 * A validator is made when the first request of its kind comes. Made beforehand, they would be most of what a start costs.
 */
export function registerValidation (app: FastifyInstance): void {
  const exact = createValidators(app, new Ajv(OPTIONS))
  const coercing = createValidators(app, new Ajv({ ...OPTIONS, coerceTypes: 'array' }))

  // A query that a route knows nothing of is a mistake, too: `dryRun` where there is none must not be taken for granted.
  app.addHook('onRoute', ({ url, schema }) => {
    if (schema && url.startsWith('/v1/')) schema.querystring ??= { type: 'object', properties: {}, additionalProperties: false }
  })

  app.setValidatorCompiler(({ schema, httpPart }) => (httpPart === 'body' ? exact : coercing)(schema as object))
}

const rfc3339 = formats.default.get('date-time') as { validate: (text: string) => boolean }

/** RFC 3339 knows leap seconds, and times beyond what a `Date` can be; neither can be told to AWS. */
function isTime (text: string): boolean {
  return rfc3339.validate(text) && !Number.isNaN(Date.parse(text))
}

/** Makes validators with one Ajv. It is given the application's shared schemas at the first request, when all are there. */
function createValidators (app: FastifyInstance, ajv: Ajv): (schema: object) => Validator {
  formats.default(ajv)
  ajv.addFormat('date-time', isTime)
  let isComplete = false
  const compile = (schema: object): ValidateFunction => {
    if (!isComplete) ajv.addSchema(Object.values(app.getSchemas()) as object[])
    isComplete = true
    return ajv.compile(schema)
  }
  return schema => {
    let validate: ValidateFunction | null = null
    return (data: unknown) => {
      validate ??= compile(schema)
      return validate(data) ? true : { error: validate.errors ?? [] }
    }
  }
}
