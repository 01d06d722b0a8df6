import { formOf, type Protocol, type WireAnswer } from '../message.js'
import { readForm } from '../query-form.js'
import { structureOf, text, toXml, type OperationShape } from '../schemas.js'

const metadata = structureOf('ResponseMetadata', { RequestId: text })
const errorResponse = structureOf('ErrorResponse', {
  Error: structureOf('Error', { Type: text, Code: text, Message: text }),
  RequestId: text
})

/** AWS Query: a form with `Action` and `Version` in, XML out (CloudFormation, RDS, STS). */
export const query: Protocol = {
  isFor: (request, service) => formOf(request).get('Version') === service.version,
  operationName: request => formOf(request).get('Action') ?? '',
  readInput: (request, shape) => shape.isUnitSchema() ? {} : readForm(formOf(request), shape),
  writeOutput: (operation, output, service, requestId) => {
    const result = `${operation.name}Result`
    const value = { [result]: output, ResponseMetadata: { RequestId: requestId } }
    return answer(200, toXml(responseOf(operation, result), value, service.xmlNamespace))
  },
  writeFailure: ({ error, shape, status }, service, requestId) => {
    const Type = (shape?.fault ?? (status < 500 ? 'client' : 'server')) === 'client' ? 'Sender' : 'Receiver'
    const value = { Error: { Type, Code: shape?.code ?? error.code, Message: error.message }, RequestId: requestId }
    return answer(status, toXml(errorResponse, value, service?.xmlNamespace ?? ''))
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

function answer (status: number, xml: string): WireAnswer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n${xml.replace(unwritable, '\uFFFD')}`
  return { status, headers: { 'content-type': 'text/xml' }, body }
}
