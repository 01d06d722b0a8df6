import { parseJson } from '../json-text.js'
import { readValue } from '../json-values.js'
import type { Failure, Protocol } from '../message.js'
import { toJson } from '../schemas.js'
import type { WireService } from '../services.js'

/** AWS JSON 1.0 and 1.1: the operation in `x-amz-target`, JSON both ways (Secrets Manager, CloudWatch). */
export const jsonRpc: Protocol = {
  isFor: (request, service) => targetOf(request.headers['x-amz-target'])[0] === service.targetPrefix,
  operationName: request => targetOf(request.headers['x-amz-target'])[1],
  readInput: (request, shape) => readValue(shape, parseJson(request.body)),
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
  const [prefix = '', operation = ''] = String(header ?? '').split('.')
  return [prefix, operation]
}

function contentType (service: WireService | undefined): string {
  return `application/x-amz-json-${service?.jsonVersion ?? '1.1'}`
}

/** An error's name with its namespace, by which clients find it in their models. */
export function qualifiedType ({ error, shape }: Failure): string {
  return shape ? `${shape.namespace}#${shape.name}` : error.code
}

/** The members of an error in JSON. Its message is spelled `Message` or `message`, as the model has it. */
export function errorBody ({ error, shape }: Failure): Record<string, unknown> {
  const members = shape ? [...shape.shape.structIterator()].map(([name]) => name) : []
  const name = members.find(member => member.toLowerCase() === 'message') ?? 'message'
  return { [name]: error.message, ...error.fields }
}

/** A service that once spoke Query keeps telling those codes to clients that compare them. */
export function queryErrorHeader ({ error, shape, status }: Failure, service: WireService | undefined): Record<string, string> {
  if (!service?.queryCompatible) return {}
  return { 'x-amzn-query-error': `${shape?.code ?? error.code};${status < 500 ? 'Sender' : 'Receiver'}` }
}
