import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'

import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { AwsFailure, type FailureKind } from '../aws/errors.js'
import { Problem, problemKinds, type Finding, type ProblemCode } from '../problems.js'
import { toAwsError } from './aws-errors.js'

/** How long a caller is asked to wait by a 429 or 503 that does not say. */
const RETRY_AFTER_SECONDS = 5

/** Fastify's own errors that a caller's mistake can cause. */
const fastifyCodes: Readonly<Record<string, { code: ProblemCode, detail: string }>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: 'unsupported-media-type', detail: 'The body must be sent as application/json.' },
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'body-too-large', detail: 'The body is larger than this path takes, which is 4 MiB where statements go, and 1 MiB elsewhere.' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: 'malformed-json', detail: 'The body is empty; it must be a JSON object.' },
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'malformed-json', detail: 'The body is not valid JSON.' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { code: 'invalid-request', detail: 'The body is not as long as Content-Length says.' },
  FST_ERR_MAX_PARAM_LENGTH: { code: 'not-found', detail: 'There is nothing at a path as long as this.' },
  FST_ERR_BAD_URL: { code: 'invalid-request', detail: 'The path is not a valid URL.' }
}

const awsProblems: Readonly<Record<FailureKind, { code: ProblemCode, detail: string }>> = {
  throttled: { code: 'aws-throttled', detail: 'AWS takes fewer calls than it is sent at the moment.' },
  unavailable: { code: 'aws-unavailable', detail: 'The region does not answer at the moment.' },
  denied: { code: 'aws-refused', detail: 'AWS denied this service a call it needs. Its role may lack a permission.' },
  refused: { code: 'aws-refused', detail: 'AWS refused a call of this service.' },
  quota: { code: 'aws-refused', detail: 'The AWS account has reached a quota.' },
  'not-found': { code: 'aws-refused', detail: 'Something that the database needs is missing in AWS.' },
  'already-exists': { code: 'aws-refused', detail: 'AWS has something of this name already.' },
  'token-reused': { code: 'aws-refused', detail: 'AWS has seen this operation before.' }
}

/** Answers every error as `application/problem+json` (RFC 9457), and nothing of it that is not meant for the caller. */
export function registerProblems (app: FastifyInstance): void {
  app.setErrorHandler(answerError)
  const routes = collectRoutes(app)
  app.setNotFoundHandler((request, reply) => sendProblem(request, reply, unknownRoute(routes, request)))
}

/** Logs an error and answers it. Also for paths that cannot even be routed, which Fastify keeps from the hooks. */
export function answerError (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error)
  const { code, logLevel: level, isConfidential, extensions: { sqlState } } = problem
  const facts = { code, ...(typeof sqlState === 'string' ? { sqlState } : {}) }
  // A stream of which nothing was sent yet ends as an error of its own when its caller leaves, which is in the log as that.
  if (reply.raw.destroyed && (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE') return sendProblem(request, reply, problem)
  if (isConfidential) request.log[level](facts, problemKinds[code].title)
  else request.log[level]({ err: error, ...facts }, problem.message)
  return sendProblem(request, reply.header('x-request-id', request.id), problem)
}

const clientErrors: Readonly<Record<string, number>> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }

/** What is not even HTTP never reaches a handler; it still gets a status that can be read. */
export function answerClientError ({ code }: NodeJS.ErrnoException, socket: Socket): void {
  const status = clientErrors[code ?? ''] ?? 400
  if (socket.writable) socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
  socket.destroy()
}

/** The problem that an error is to a caller. */
export function toProblem (error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof AwsFailure) return fromAws(error)
  const { code = '', validation, validationContext } = error as Partial<FastifyError>
  if (validation) return fromValidation(validation, validationContext ?? 'body')
  const known = fastifyCodes[code]
  // What cannot be read as JSON is quoted in the error.
  if (known) return new Problem(known.code, known.detail, { cause: error, isConfidential: known.code === 'malformed-json' })
  if (error instanceof SyntaxError && (error as FastifyError).statusCode === 400) return new Problem('malformed-json', 'The body is not valid JSON.', { cause: error, isConfidential: true })
  return new Problem('internal-error', 'The request could not be finished.', { cause: error })
}

function fromAws (failure: AwsFailure): Problem {
  const { code, detail } = awsProblems[failure.kind]
  return new Problem(code, detail, { cause: failure })
}

type Validation = NonNullable<FastifyError['validation']>

/** No more than this: a body with a thousand mistakes is described by the first few. */
const MOST_FINDINGS = 50

function fromValidation (validation: Validation, context: string): Problem {
  const telling = validation.filter(isTelling)
  const errors = (telling.length > 0 ? telling : validation).slice(0, MOST_FINDINGS).map(each => toFinding(each, context))
  const [first] = errors
  const detail = first ? `${first.path.replace(/^[/?]/, '').replaceAll('/', '.') || 'The body'} ${first.message}.` : 'The request is not valid.'
  return new Problem('invalid-request', detail, { errors })
}

/** What may be left out is told by what it may be, and not also by the null that stands for nothing. */
function isTelling ({ keyword, params }: Validation[number]): boolean {
  return keyword !== 'anyOf' && keyword !== 'propertyNames' && !(keyword === 'type' && params.type === 'null')
}

function toFinding (failed: Validation[number] & { propertyName?: string }, context: string): Finding {
  const { instancePath, keyword, params, message, propertyName } = failed
  const named = keyword === 'additionalProperties' ? params.additionalProperty : keyword === 'required' ? params.missingProperty : propertyName
  const path = instancePath + (typeof named === 'string' ? `/${named}` : '')
  return { path: context === 'querystring' ? path.replace(/^\//, '?') : path, message: wordings[keyword]?.(params) ?? message ?? 'is not valid' }
}

/** What Ajv says, as a sentence that goes on from the name of the field. */
const wordings: Readonly<Record<string, (params: Record<string, unknown>) => string>> = {
  additionalProperties: () => 'is not known here',
  required: () => 'is required',
  enum: ({ allowedValues }) => `must be one of ${(allowedValues as unknown[]).join(', ')}`,
  type: ({ type }) => `must be ${[type].flat().join(' or ')}`,
  pattern: ({ pattern }) => `must match ${String(pattern)}`,
  format: ({ format }) => format === 'date-time' ? 'must be a time such as 2026-01-31T09:00:00Z' : `must be a ${String(format)}`,
  minLength: ({ limit }) => `must have at least ${String(limit)} ${limit === 1 ? 'character' : 'characters'}`,
  maxLength: ({ limit }) => `must have at most ${String(limit)} characters`,
  minimum: ({ limit }) => `must be at least ${String(limit)}`,
  maximum: ({ limit }) => `must be at most ${String(limit)}`,
  minItems: ({ limit }) => `must have at least ${String(limit)} ${limit === 1 ? 'entry' : 'entries'}`,
  maxItems: ({ limit }) => `must have at most ${String(limit)} entries`,
  minProperties: ({ limit }) => `must have at least ${String(limit)} ${limit === 1 ? 'entry' : 'entries'}`,
  maxProperties: ({ limit }) => `must have at most ${String(limit)} entries`
}

/** Remembers the paths and their methods, to tell a wrong method from a wrong path. */
function collectRoutes (app: FastifyInstance): Array<{ path: RegExp, methods: string[] }> {
  const routes: Array<{ path: RegExp, methods: string[] }> = []
  app.addHook('onRoute', ({ url, method }) => {
    const pattern = url.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/:[^/]+/g, '[^/]+').replace(/\*/g, '.*')
    routes.push({ path: new RegExp(`^${pattern}$`), methods: [method].flat() })
  })
  return routes
}

function unknownRoute (routes: ReturnType<typeof collectRoutes>, request: FastifyRequest): Problem {
  const [path = ''] = request.url.split('?')
  const allow = [...new Set(routes.filter(route => route.path.test(path)).flatMap(({ methods }) => methods))]
  if (allow.length === 0) return new Problem('not-found', `There is nothing at ${path}.`)
  return new Problem('method-not-allowed', `${path} takes ${allow.join(', ')}.`, { extensions: { allow } })
}

/** Sends a problem. Also for those who answer before the error handler can, such as a stream that has not begun. */
export function sendProblem (request: FastifyRequest, reply: FastifyReply, problem: Problem): FastifyReply {
  const { extensions } = problem
  const aws = request.routeOptions.config.speaksAws ? toAwsError(problem, request.id) : null
  const status = aws?.status ?? problem.status
  const retryAfterSeconds = problem.retryAfterSeconds ?? (status === 429 || status === 503 ? RETRY_AFTER_SECONDS : undefined)
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds))
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  if (Array.isArray(extensions.allow)) reply.header('allow', extensions.allow.join(', '))
  return reply.code(status).headers(aws?.headers ?? {}).type('application/problem+json').serializer(JSON.stringify)
    .send({ ...describeProblem(request, problem), status, ...aws?.members })
}

/** A problem as RFC 9457 has it. Also for those who can no longer send one as the answer. */
export function describeProblem (request: FastifyRequest, { code, status, message, errors, extensions }: Problem): Record<string, unknown> {
  const { title, retryable } = problemKinds[code]
  return {
    type: `/problems/${code}`,
    title: title || STATUS_CODES[status],
    status,
    detail: message,
    instance: request.url.split('?')[0],
    code,
    requestId: request.id,
    retryable,
    ...extensions,
    ...(errors ? { errors: errors.slice(0, MOST_FINDINGS) } : {})
  }
}
