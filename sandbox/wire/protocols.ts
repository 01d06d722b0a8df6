import { parseJson, readDocument, serializationError } from './json.js'
import { formOf, type WireAnswer, type WireRequest } from './message.js'
import type { Failure, Protocol, WireService } from './protocol.js'
import { readForm } from './query-form.js'
import { fromCbor, type OperationShape, structureOf, text, toCbor, toJson, toPlainCbor, toXml } from './schemas.js'

/** AWS JSON 1.0 and 1.1: the operation in `x-amz-target`, JSON both ways (Secrets Manager, CloudWatch). */
export const jsonRpc: Protocol = {
  isFor: ({ method, headers }, service) => method === 'POST' && targetOf(headers['x-amz-target'])[0] === service.targetPrefix,
  operationName: request => targetOf(request.headers['x-amz-target'])[1],
  readInput: (request, shape, missing) => shape.isUnitSchema() ? {} : readDocument(shape, parseJson(request.body), missing),
  writeOutput: (operation, output, service) => ({
    status: 200,
    headers: { 'content-type': contentType(service) },
    body: operation.output.isUnitSchema() ? '{}' : toJson(operation.output, output)
  }),
  writeFailure: (failure, service) => ({
    status: failure.status,
    headers: { 'content-type': contentType(service), ...queryErrorHeader(failure, service) },
    body: JSON.stringify({ __type: service?.jsonVersion === '1.0' ? qualifiedType(failure) : failure.shape?.name ?? failure.error.code, ...errorBody(failure) })
  }),
  unknownOperationCode: 'UnknownOperationException'
}

function targetOf (header: string | string[] | undefined): [prefix: string, operation: string] {
  const [prefix = '', ...operation] = String(header ?? '').split('.')
  return [prefix, operation.join('.')]
}

function contentType (service: WireService | undefined): string {
  return `application/x-amz-json-${service?.jsonVersion ?? '1.1'}`
}

/** An error's name with its namespace, by which clients find it in their models. */
function qualifiedType ({ error, shape }: Failure): string {
  return shape ? `${shape.namespace}#${shape.name}` : error.code
}

/** The members of an error in JSON. Its message is spelled `Message` or `message`, as the model has it. */
function errorBody ({ error, shape }: Failure): Record<string, unknown> {
  const members = shape ? [...shape.shape.structIterator()].map(([name]) => name) : []
  const name = members.find(member => member.toLowerCase() === 'message') ?? 'message'
  return { [name]: error.message, ...error.fields }
}

/** A service that once spoke Query keeps telling those codes to clients that compare them. */
function queryErrorHeader ({ error, shape, status }: Failure, service: WireService | undefined): Record<string, string> {
  if (!service?.protocols.includes(query)) return {}
  return { 'x-amzn-query-error': `${shape?.code ?? error.code};${status < 500 ? 'Sender' : 'Receiver'}` }
}

/** REST with JSON bodies: the operation is the path (RDS Data). No operation served here has members in its path. */
export const restJson: Protocol = {
  isFor: (request, service) => findOperation(request, service) !== undefined,
  operationName: (request, service) => findOperation(request, service) ?? `${request.method} ${request.path}`,
  readInput: (request, shape, missing) => shape.isUnitSchema() ? {} : readDocument(shape, parseJson(request.body), missing, true),
  writeOutput: (operation, output) => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: operation.output.isUnitSchema() ? '{}' : toJson(operation.output, output)
  }),
  writeFailure: failure => ({
    status: failure.status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': failure.shape?.name ?? failure.error.code },
    body: JSON.stringify(errorBody(failure))
  }),
  unknownOperationCode: 'UnknownOperationException'
}

function findOperation (request: WireRequest, service: WireService): string | undefined {
  const operations = [...service.model.operations.values()]
  return operations.find(({ method, path }) => method === request.method && path === request.path)?.name
}

const operationPath = /^\/service\/([A-Za-z0-9]+)\/operation\/([A-Za-z0-9]+)$/

/** Smithy's RPC v2 with CBOR: the operation in the path, binary both ways. It is what botocore speaks with CloudWatch. */
export const cborRpc: Protocol = {
  isFor: (request, service) => request.method === 'POST' && pathOf(request)[0] === service.targetPrefix,
  operationName: request => pathOf(request)[1],
  readInput: (request, shape, missing) => shape.isUnitSchema() ? {} : readDocument(shape, parse(request.body), missing),
  writeOutput: (operation, output) => cborAnswer(200, {}, operation.output.isUnitSchema() ? '' : toCbor(operation.output, output)),
  writeFailure: (failure, service) =>
    cborAnswer(failure.status, queryErrorHeader(failure, service), toPlainCbor({ __type: qualifiedType(failure), ...errorBody(failure) })),
  unknownOperationCode: 'UnknownOperationException'
}

function pathOf ({ path }: WireRequest): [service: string, operation: string] {
  const [, service = '', operation = ''] = operationPath.exec(path) ?? []
  return [service, operation]
}

function parse (body: Buffer): unknown {
  if (body.length === 0) return {}
  try {
    return fromCbor(body)
  } catch {
    throw serializationError('The body is not valid CBOR')
  }
}

/** Clients take an answer without this header for one that is not of this protocol. */
function cborAnswer (status: number, headers: Record<string, string>, body: string | Uint8Array): WireAnswer {
  return { status, headers: { 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor', ...headers }, body }
}

const metadata = structureOf('ResponseMetadata', { RequestId: text })
const fault = structureOf('Error', { Type: text, Code: text, Message: text })
const errorResponse = structureOf('ErrorResponse', {
  Error: fault,
  Errors: structureOf('Errors', { Error: fault }),
  RequestId: text
})

/** AWS Query: a form with `Action` and `Version` in, XML out (CloudFormation, RDS, STS). */
export const query: Protocol = {
  isFor: (request, service) => ['GET', 'POST'].includes(request.method) && formOf(request).get('Version') === service.version,
  operationName: request => formOf(request).get('Action') ?? '',
  readInput: (request, shape, missing) => shape.isUnitSchema() ? {} : readForm(formOf(request), shape, missing),
  writeOutput: (operation, output, service, requestId) => {
    const result = `${operation.name}Result`
    const value = { [result]: output, ResponseMetadata: { RequestId: requestId } }
    return xmlAnswer(200, toXml(responseOf(operation, result), value, service.xmlNamespace))
  },
  writeFailure: ({ error, shape, status }, service, requestId) => {
    const Type = (shape?.fault ?? (status < 500 ? 'client' : 'server')) === 'client' ? 'Sender' : 'Receiver'
    const Error = { Type, Code: shape?.code ?? error.code, Message: error.message }
    // Clients of EC2, which is not served here, look for an error one level deeper (Smithy, "AWS EC2 query protocol").
    const value = { Error, Errors: service ? undefined : { Error }, RequestId: requestId }
    return xmlAnswer(status, toXml(errorResponse, value, service?.xmlNamespace ?? ''))
  },
  unknownOperationCode: 'InvalidAction'
}

const responses = new WeakMap<OperationShape, ReturnType<typeof structureOf>>()

/** `<XResponse><XResult>…</XResult><ResponseMetadata>…`, the result left out where the operation answers nothing. */
function responseOf (operation: OperationShape, result: string): ReturnType<typeof structureOf> {
  const known = responses.get(operation)
  if (known) return known
  const members = operation.output.isUnitSchema() ? {} : { [result]: operation.output }
  const response = structureOf(`${operation.name}Response`, { ...members, ResponseMetadata: metadata })
  responses.set(operation, response)
  return response
}

/** XML 1.0 has no way to write these, escaped or not: one of them would make the whole answer unreadable. */
// eslint-disable-next-line no-control-regex
const unwritable = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g

function xmlAnswer (status: number, xml: string): WireAnswer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n${xml.replace(unwritable, '\uFFFD')}`
  return { status, headers: { 'content-type': 'text/xml' }, body }
}
