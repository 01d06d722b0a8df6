import type { ExpiredTokenException$, GetCallerIdentity$, GetCallerIdentityRequest$ } from '@aws-sdk/client-sts'
import { JsonShapeSerializer2, XmlShapeSerializer } from '@aws-sdk/core/protocols'
import { cbor, CborCodec } from '@smithy/core/cbor'
import { NormalizedSchema } from '@smithy/core/schema'

/**
 * The only file that knows how the SDK's clients describe their services. Each `@aws-sdk/client-*` exports a tuple per
 * operation (`CreateStack$`), structure and error; these exports are internal to the SDK, hence the pinned versions.
 */

/** A type of a service's model, to be walked: a structure, list, map, string, number, timestamp and so on. */
export type Shape = NormalizedSchema

/** An operation of a service's model. `method` and `path` are set for REST services only. */
export interface OperationShape {
  name: string
  input: Shape
  output: Shape
  method?: string
  path?: string
}

/** An error of a service's model; `code` is what travels where the protocol is AWS Query. */
export interface ErrorShape {
  name: string
  namespace: string
  code: string
  /** Undefined where the model gives none (Secrets Manager). */
  status: number | undefined
  fault: 'client' | 'server'
  shape: Shape
}

/** What a client package says about its service. */
export interface ServiceModel {
  operations: ReadonlyMap<string, OperationShape>
  /** By shape name, and by the code that travels where that is another. */
  errors: ReadonlyMap<string, ErrorShape>
}

type OperationTuple = typeof GetCallerIdentity$
type ErrorTuple = typeof ExpiredTokenException$
type StructureTuple = typeof GetCallerIdentityRequest$
interface Traits {
  http?: [method: string, path: string, status: number]
  awsQueryError?: [code: string, status: number]
  httpError?: number
  error?: 'client' | 'server'
}

const OPERATION = 9
const ERROR = -3
const STRUCTURE = 3
/** How the namespaces begin of what the SDK adds to the models of its own accord. */
const SYNTHETIC = 'smithy.ts.sdk.synthetic.'
const EPOCH_SECONDS = 7
const DATE_TIME = 5

/** The SDK's own hands lists of numbers to `JSON.stringify`, which knows no bigint and no number with a text of its own. */
class JsonSerializer extends JsonShapeSerializer2 {
  protected override writeList (shape: Shape, list: unknown[], isDocument?: boolean): void {
    if (shape.getValueSchema().isNumericSchema()) this.writeAscii(`[${list.map(numberText).join()}]`)
    else super.writeList(shape, list, isDocument)
  }
}

/** A number as AWS writes it in JSON; what JSON has no number for travels as a string. */
function numberText (value: unknown): string {
  return typeof value === 'number' && !Number.isFinite(value) ? `"${value}"` : String(value)
}

/** Collects operations and errors from everything that a client package exports. */
export function readModel (clientPackage: Readonly<Record<string, unknown>>): ServiceModel {
  const operations = new Map<string, OperationShape>()
  const errors = new Map<string, ErrorShape>()
  for (const exported of Object.values(clientPackage)) {
    if (isTuple<OperationTuple>(exported, OPERATION)) operations.set(exported[2], operationOf(exported))
    if (isTuple<ErrorTuple>(exported, ERROR) && !exported[1].startsWith(SYNTHETIC)) {
      const error = errorOf(exported)
      errors.set(error.name, error)
      errors.set(error.code, error)
    }
  }
  return { operations, errors }
}

function isTuple<T extends unknown[]> (value: unknown, kind: number): value is T {
  return Array.isArray(value) && value[0] === kind && typeof value[2] === 'string'
}

function operationOf ([, , name, traits, input, output]: OperationTuple): OperationShape {
  const { http } = traitsOf(traits)
  return {
    name,
    input: NormalizedSchema.of(input),
    output: NormalizedSchema.of(output),
    ...(http ? { method: http[0], path: http[1] } : {})
  }
}

function errorOf (tuple: ErrorTuple): ErrorShape {
  const [, namespace, name, declared] = tuple
  const traits = traitsOf(declared)
  return {
    name,
    namespace,
    code: traits.awsQueryError?.[0] ?? name,
    status: traits.awsQueryError?.[1] ?? traits.httpError,
    fault: traits.error ?? 'client',
    shape: NormalizedSchema.of(tuple)
  }
}

function traitsOf (declared: OperationTuple[3]): Traits {
  return typeof declared === 'object' ? declared as Traits : {}
}

/** The names of a structure's required members: a schema lists them first and says how many they are. */
export function requiredMembers (shape: Shape): string[] {
  const [, , , , members, , count = 0] = shape.getSchema() as unknown as StructureTuple
  return members.slice(0, count)
}

export const text: Shape = NormalizedSchema.of(0)

/** A structure of our own making, for the envelopes that no model contains. */
export function structureOf (name: string, members: Readonly<Record<string, Shape>>): Shape {
  return NormalizedSchema.of([STRUCTURE, 'sandbox', name, 0, Object.keys(members), Object.values(members).map(shape => shape.getSchema())])
}

/** A structure as an XML document whose root is the structure's name. Absent members are left out. */
export function toXml (shape: Shape, value: unknown, xmlNamespace: string): string {
  const serializer = new XmlShapeSerializer({
    xmlNamespace,
    serviceNamespace: 'sandbox',
    timestampFormat: { useTrait: true, default: DATE_TIME },
    httpBindings: false
  })
  serializer.write(shape, value)
  return String(serializer.flush())
}

/** A structure as JSON; timestamps in seconds, bigints as numbers with every digit. */
export function toJson (shape: Shape, value: unknown): Uint8Array | string {
  const serializer = new JsonSerializer({ timestampFormat: { useTrait: true, default: EPOCH_SECONDS }, jsonName: false })
  serializer.write(shape, value)
  return serializer.flush()
}

/** A structure as CBOR. */
export function toCbor (shape: Shape, value: unknown): Uint8Array {
  const serializer = new CborCodec().createSerializer()
  serializer.write(shape, value)
  return serializer.flush()
}

/** Strings, numbers and booleans by name as CBOR, without a shape: what an error consists of. */
export function toPlainCbor (value: Readonly<Record<string, unknown>>): Uint8Array {
  return cbor.serialize(value)
}

/** CBOR as plain values; a time is a `{ tag, value }` with its seconds as the value. Throws on anything else. */
export function fromCbor (bytes: Uint8Array): unknown {
  return cbor.deserialize(bytes)
}
