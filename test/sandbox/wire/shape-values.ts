import fc from 'fast-check'
import type { Shape } from '../../../sandbox/wire/schemas.js'

/** No list is empty inside another and no structure is, for a form cannot tell those from absent ones. */
const DEEPEST = 4

/** The members that a structure may not do without. */
type Required = (shape: Shape) => string[]

/** Any value of a type of a service's model, with any of its members left out but those that are required. */
export function valueOf (shape: Shape, depth = 0, required: Required = () => []): fc.Arbitrary<unknown> {
  if (shape.isUnitSchema()) return fc.constant({})
  if (shape.isStructSchema()) return structureOf(shape, depth, required)
  const inside = (): fc.Arbitrary<unknown> => valueOf(shape.getValueSchema(), depth + 1, required)
  if (shape.isListSchema()) return fc.array(inside(), { minLength: depth > 1 ? 1 : 0, maxLength: 3 })
  if (shape.isMapSchema()) {
    const key = fc.string({ minLength: 1 }).filter(name => name !== '__proto__')
    return fc.dictionary(key, inside(), { minKeys: 1, maxKeys: 3, noNullPrototype: true })
  }
  if (shape.isBlobSchema()) return fc.uint8Array().map(bytes => new Uint8Array(bytes))
  if (shape.isBooleanSchema()) return fc.boolean()
  if (shape.isTimestampSchema()) return fc.integer({ min: 0, max: 4e9 }).map(seconds => new Date(seconds * 1000))
  if (shape.isStringSchema()) return text
  const double = fc.double({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER, noNaN: true })
  return fc.oneof(fc.integer(), double.map(value => value + 0))
}

/** Anything but what XML has no way to write, and spaces around it, which the SDK's reader drops. */
// eslint-disable-next-line no-control-regex
const text = fc.string({ unit: 'binary' }).map(value => value.replace(/[\u0000-\u001F\u007F-\u009F\uFFFE\uFFFF\u2028\u2029]/g, 'x').trim())

function structureOf (shape: Shape, depth: number, required: Required): fc.Arbitrary<unknown> {
  const members = [...shape.structIterator()].filter(([, member]) => !isEmpty(member) && (depth <= DEEPEST || !isDeep(member)))
  // The SDK fills in tokens by itself when they are absent.
  const needed = members.filter(([name, member]) => member.isIdempotencyToken() || required(shape).includes(name)).map(([name]) => name)
  const values = Object.fromEntries(members.map(([name, member]) => [name, valueOf(member, depth + 1, required)]))
  const requiredKeys = depth > 0 ? [...needed, ...Object.keys(values).slice(0, 1)] : needed
  if (!shape.isUnionSchema()) return fc.record(values, { requiredKeys, noNullPrototype: true })
  return fc.oneof(...Object.entries(values).map(([name, value]) => value.map(only => ({ [name]: only }))))
}

/** A structure without members, to which the above applies as well. */
function isEmpty (shape: Shape): boolean {
  return shape.isStructSchema() && [...shape.structIterator()].length === 0
}

function isDeep (shape: Shape): boolean {
  return shape.isStructSchema() || ((shape.isListSchema() || shape.isMapSchema()) && isDeep(shape.getValueSchema()))
}
