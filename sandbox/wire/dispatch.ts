import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { ACCOUNT, AwsError, type Operations } from '../aws.js'
import type { Faults } from '../faults.js'
import { formOf, type WireAnswer, type WireRequest } from './message.js'
import type { MissingMember, Protocol, WireService } from './protocol.js'
import { cborRpc, jsonRpc, query, restJson } from './protocols.js'
import type { OperationShape } from './schemas.js'
import { wireServices } from './services.js'

/** Answers a request; undefined when the connection is to be dropped without an answer. */
export type Dispatch = (request: WireRequest) => Promise<WireAnswer | undefined>

export interface DispatchDependencies {
  /** What is implemented, by the signing name of its service. */
  rooms: Readonly<Record<string, Operations>>
  faults: Faults
  log: Logger
}

interface Asked {
  protocol: Protocol
  service?: WireService
  operation?: string
}

/** Finds the operation a request asks for, whichever of AWS's protocols it speaks, and puts the outcome into that protocol. */
export function createDispatch ({ rooms, faults, log }: DispatchDependencies): Dispatch {
  const run = async (request: WireRequest, asked: Asked, requestId: string): Promise<WireAnswer | undefined> => {
    const { protocol } = asked
    const scope = readScope(request)
    const service = asked.service = findService(request, protocol, scope.service)
    const name = asked.operation = protocol.operationName(request, service)
    const { operation, implementation } = findOperation(request, protocol, service, name, rooms[service.signingName])
    const missing: string[] = []
    const input = protocol.readInput(request, operation.input, missing)
    refuseMissing(missing, service.missingMember)
    checkToken(name, input, service)
    const done = await faults.around({ service: service.signingName, operation: name, region: scope.region },
      async () => await implementation(input as never, { ...scope, account: ACCOUNT, requestId }))
    return done && protocol.writeOutput(operation, done.output ?? {}, service, requestId)
  }

  return async request => {
    const requestId = randomUUID()
    const asked: Asked = { protocol: protocolOf(request) }
    const startedAt = performance.now()
    const answer = await run(request, asked, requestId).catch((error: unknown) => refuse(error, asked, requestId, log))
    log.debug({ requestId, service: asked.service?.signingName, operation: asked.operation, status: answer?.status, ms: Math.round(performance.now() - startedAt) }, 'answered')
    return answer && { ...answer, headers: { ...answer.headers, 'x-amzn-requestid': requestId } }
  }
}

function protocolOf (request: WireRequest): Protocol {
  if (request.headers['x-amz-target'] !== undefined) return jsonRpc
  if (request.headers['smithy-protocol'] === 'rpc-v2-cbor') return cborRpc
  const isForm = String(request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')
  return isForm || request.query.has('Action') ? query : restJson
}

function findService (request: WireRequest, protocol: Protocol, signingName: string | undefined): WireService {
  const service = signingName === undefined
    ? [...wireServices.values()].find(each => each.protocols.includes(protocol) && protocol.isFor(request, each))
    : wireServices.get(signingName)
  if (!service) {
    const asked = signingName ?? 'the service that this request is for'
    throw new AwsError(protocol.unknownOperationCode, `The sandbox does not implement ${asked}. It implements ${[...wireServices.keys()].join(', ')}.`)
  }
  if (!service.protocols.includes(protocol)) {
    throw new AwsError(protocol.unknownOperationCode, `The sandbox does not speak this protocol with ${service.title}.`)
  }
  return service
}

interface Found {
  operation: OperationShape
  implementation: Operations[string]
}

function findOperation (request: WireRequest, protocol: Protocol, service: WireService, name: string, room: Operations | undefined): Found {
  const operation = protocol.isFor(request, service) ? service.model.operations.get(name) : undefined
  if (!operation) {
    const version = protocol === query ? formOf(request).get('Version')?.slice(0, 20) ?? 'NO_VERSION_SPECIFIED' : service.version
    throw new AwsError(protocol.unknownOperationCode, `Could not find operation ${name.slice(0, 100)} for version ${version}`)
  }
  const implementation = room && Object.hasOwn(room, name) ? room[name] : undefined
  if (!implementation) {
    throw new AwsError(protocol.unknownOperationCode, `The sandbox does not implement ${name} of ${service.title}.`)
  }
  return { operation, implementation }
}

/** What went wrong by itself is logged and answered as AWS answers it: without a word about the inside. */
function refuse (thrown: unknown, { protocol, service, operation }: Asked, requestId: string, log: Logger): WireAnswer {
  const known = thrown instanceof AwsError
  if (!known) log.error({ err: thrown, requestId, service: service?.signingName, operation }, 'an operation failed unexpectedly')
  const error = known ? thrown : new AwsError('InternalFailure', 'An internal error occurred in the sandbox; its log says more.', 500)
  const shape = service?.model.errors.get(error.code)
  return protocol.writeFailure({ error, shape, status: shape?.status ?? error.status }, service, requestId)
}

/** Where and to whom a request is signed. */
export interface Scope {
  region: string
  /** The signing name of the service, where the request is signed at all. */
  service?: string
  sessionToken?: string | undefined
}

const credential = /^[^/]+\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request$/
const regionName = /^[a-z]{2,4}(-[a-z]+){1,3}-\d{1,2}$/

/**
 * Reads the credential scope of a signature (SigV4), from the Authorization header or a presigned query. The signature
 * itself is not checked: any credentials will do. Unsigned requests belong to us-east-1.
 */
function readScope (request: WireRequest): Scope {
  const header = /Credential=([^,\s]+)/.exec(request.headers.authorization ?? '')?.[1]
  const signed = header ?? request.query.get('X-Amz-Credential')
  if (!signed) return { region: 'us-east-1' }
  const [, region, service] = credential.exec(signed) ?? []
  if (!region || !service) {
    throw new AwsError('IncompleteSignature', 'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term')
  }
  if (!regionName.test(region)) {
    throw new AwsError('SignatureDoesNotMatch', `Credential should be scoped to a valid region, not '${region.slice(0, 50)}'.`, 403)
  }
  const token = request.headers['x-amz-security-token'] ?? request.query.get('X-Amz-Security-Token') ?? undefined
  return { region, service, sessionToken: token === undefined ? token : String(token) }
}

/** Throws what the service answers when members that its model requires are absent, at any depth. */
function refuseMissing (missing: readonly string[], style: MissingMember): void {
  if (missing.length === 0) return
  if (style === 'MissingParameter') throw new AwsError(style, `The request must contain the parameter ${missing[0]}.`)
  const problems = missing.map(path => `Value null at '${path.charAt(0).toLowerCase()}${path.slice(1)}' failed to satisfy constraint: Member must not be null`)
  const count = `${problems.length} validation error${problems.length > 1 ? 's' : ''} detected`
  throw new AwsError(style, `${count}: ${problems.join('; ')}`)
}

/** SDKs fill the token in; who writes requests by hand has to bring one. The words are those of AWS (localstack's `test_no_client_request_token`, recorded on AWS). */
function checkToken (operation: string, input: unknown, { missingToken = {} }: WireService): void {
  const code = missingToken[operation]
  if (code === undefined || (input as { ClientRequestToken?: string }).ClientRequestToken !== undefined) return
  throw new AwsError(code, 'You must provide a ClientRequestToken value. We recommend a UUID-type value.')
}
