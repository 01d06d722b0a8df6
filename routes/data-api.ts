import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'

import { MIRRORED, type Mirror, type Mirrored } from '../src/queries/mirror/mirror.js'
import { dataApiExamples } from './examples.js'
import { callOf, cutOff } from './preferences.js'
import { DatabaseParams, problemResponses } from './schemas.js'

/** The request limit of the RDS Data API. */
const BODY_LIMIT_BYTES = 4 * 1024 * 1024

const RequestSchema = Type.Unsafe<Buffer | undefined>({
  type: 'object',
  additionalProperties: true,
  properties: {
    resourceArn: Type.String({ description: 'That of the database in the path; may be left out, and then `database` too.' }),
    secretArn: Type.String({ description: 'That of the database in the path; may be left out.' })
  },
  description: 'The request of the RDS Data API, which goes to AWS as it is, but for a comment behind the first word of the statement.'
})

const AnswerSchema = Type.Unsafe<Buffer>({ type: 'object', additionalProperties: true, description: 'The answer of the RDS Data API, as it came.' })

const AwsErrorSchema = { type: 'object', properties: { message: Type.String() }, additionalProperties: true, description: 'An error of the RDS Data API, as it came.' }

const awsHeaders = {
  'x-amzn-requestid': { type: 'string', description: 'AWS\'s id of the request.' }
}

/** What of AWS's headers a client of the RDS Data API reads. */
const MIRRORED_HEADERS = ['content-type', 'x-amzn-errortype', 'x-amzn-requestid']

const operations: Readonly<Record<Mirrored, { operationId: string, summary: string }>> = {
  Execute: { operationId: 'mirrorExecuteStatement', summary: 'ExecuteStatement of the RDS Data API' },
  BatchExecute: { operationId: 'mirrorBatchExecuteStatement', summary: 'BatchExecuteStatement of the RDS Data API' },
  BeginTransaction: { operationId: 'mirrorBeginTransaction', summary: 'BeginTransaction of the RDS Data API' },
  CommitTransaction: { operationId: 'mirrorCommitTransaction', summary: 'CommitTransaction of the RDS Data API' },
  RollbackTransaction: { operationId: 'mirrorRollbackTransaction', summary: 'RollbackTransaction of the RDS Data API' }
}

const description = 'With `…/data-api` as its endpoint, a client of the RDS Data API works as it is. ' +
  'Answers and errors are AWS\'s own; what this service refuses is a problem that such a client can read too. ' +
  'A client that closes its connection ends its statement in the database, unless it asked for `continueAfterTimeout`. ' +
  'A statement that has no room for the comment (more than 65,456 characters), or could answer with it, ' +
  'as `current_query()` does, is found by its transaction; where it has none, it is given one for as long as it runs.'

const problems = problemResponses([
  'invalid-request', 'malformed-json', 'invalid-signature', 'not-found', 'database-not-ready', 'body-too-large', 'unsupported-media-type',
  'statement-outcome-unknown', 'too-many-requests', 'overloaded', 'shutting-down'
])

/** Errors of AWS have these statuses, besides those that only problems have. */
const failures = Object.fromEntries([...new Set([...Object.keys(problems), '400', '404', '500', '503', '504'])].map(status => [status, withAwsErrors(status)]))

function withAwsErrors (status: string) {
  const aws = ['400', '404', '500', '503', '504'].includes(status) ? { 'application/json': { schema: AwsErrorSchema } } : {}
  const { description = 'As AWS answers it.', content = {} } = problems[status] ?? {}
  return { description, headers: awsHeaders, content: { ...content, ...aws } }
}

/** The RDS Data API's own wire format, for clients that speak it: the SDKs of AWS and what is built on them. */
export function registerDataApiRoutes (instance: FastifyInstance, mirror: Mirror): void {
  void instance.register(async scope => {
    takeBytes(scope)
    const app = scope.withTypeProvider<TypeBoxTypeProvider>()
    for (const operation of MIRRORED) {
      app.post(`/v1/databases/:id/data-api/${operation}`, {
        bodyLimit: BODY_LIMIT_BYTES,
        config: { access: ['query:write'], speaksAws: true },
        schema: {
          ...operations[operation],
          tags: ['data-api'],
          description,
          params: DatabaseParams,
          body: RequestSchema,
          response: {
            200: { description: 'What AWS answered.', headers: awsHeaders, content: { 'application/json': { schema: AnswerSchema, examples: dataApiExamples[operation] } } },
            ...failures
          }
        }
      }, async (request, reply) => {
        const sent = request.body ?? Buffer.alloc(0)
        const { status, headers, body } = await mirror(callOf(request, cutOff(request, reply)), operation, sent)
        for (const name of MIRRORED_HEADERS) if (headers[name] !== undefined) reply.header(name, headers[name])
        return await reply.code(status as 200).send(Buffer.from(body))
      })
    }
  })
}

/** Bodies stay what they are, whatever the client calls them: they are signed, and go on to AWS. */
function takeBytes (scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => { done(null, body) })
  const { validatorCompiler } = scope
  if (validatorCompiler) scope.setValidatorCompiler(part => part.httpPart === 'body' ? () => true : validatorCompiler(part))
}
