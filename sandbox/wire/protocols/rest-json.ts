import { parseJson } from '../json-text.js'
import { readValue } from '../json-values.js'
import type { Protocol, WireRequest } from '../message.js'
import { toJson } from '../schemas.js'
import type { WireService } from '../services.js'
import { errorBody } from './json-rpc.js'

/** REST with JSON bodies: the operation is the path (RDS Data). No operation served here has members in its path. */
export const restJson: Protocol = {
  isFor: (request, service) => findOperation(request, service) !== undefined,
  operationName: (request, service) => findOperation(request, service) ?? `${request.method} ${request.path}`,
  readInput: (request, shape) => readValue(shape, parseJson(request.body)),
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
