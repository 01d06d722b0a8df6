import { readValue, serializationError } from '../json-values.js'
import type { Protocol, WireAnswer, WireRequest } from '../message.js'
import { fromCbor, toCbor, toPlainCbor } from '../schemas.js'
import { errorBody, qualifiedType, queryErrorHeader } from './json-rpc.js'

const operationPath = /^\/service\/([A-Za-z0-9]+)\/operation\/([A-Za-z0-9]+)$/

/** Smithy's RPC v2 with CBOR: the operation in the path, binary both ways. It is what botocore speaks with CloudWatch. */
export const cborRpc: Protocol = {
  isFor: (request, service) => pathOf(request)[0] === service.targetPrefix,
  operationName: request => pathOf(request)[1],
  readInput: (request, shape) => shape.isUnitSchema() ? {} : readValue(shape, parse(request.body)),
  writeOutput: (operation, output) => answer(200, {}, operation.output.isUnitSchema() ? '' : toCbor(operation.output, output)),
  writeFailure: (failure, service) =>
    answer(failure.status, queryErrorHeader(failure, service), toPlainCbor({ __type: qualifiedType(failure), ...errorBody(failure) })),
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
function answer (status: number, headers: Record<string, string>, body: string | Uint8Array): WireAnswer {
  return { status, headers: { 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor', ...headers }, body }
}
