import fc from 'fast-check'
import type { Shape } from '../../../sandbox/wire/schemas.js'

/** No list is empty inside another and no structure is, for a form cannot tell those from absent ones. */
const DEEPEST = 4

/** Any value of a type of a service's model, with any of its members left out. */
export function valueOf (shape: Shape, depth = 0): fc.Arbitrary<unknown> {
  if (shape.isStructSchema()) return structureOf(shape, depth)
  if (shape.isListSchema()) return fc.array(valueOf(shape.getValueSchema(), depth + 1), { minLength: depth > 1 ? 1 : 0, maxLength: 3 })
  if (shape.isMapSchema()) return fc.dictionary(fc.string({ minLength: 1 }).filter(key => key !== '__proto__'), valueOf(shape.getValueSchema(), depth + 1), { minKeys: 1, maxKeys: 3, noNullPrototype: true })
  if (shape.isBlobSchema()) return fc.uint8Array().map(bytes => Buffer.from(bytes))
  if (shape.isBooleanSchema()) return fc.boolean()
  if (shape.isTimestampSchema()) return fc.integer({ min: 0, max: 4e9 }).map(seconds => new Date(seconds * 1000))
  if (shape.isStringSchema()) return fc.string({ unit: 'binary' })
  return fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }).map(value => value + 0))
}

function structureOf (shape: Shape, depth: number): fc.Arbitrary<unknown> {
  const members = depth > DEEPEST ? [] : [...shape.structIterator()]
  // The SDK fills in these by itself when they are absent.
  const tokens = members.filter(([, member]) => member.isIdempotencyToken()).map(([name]) => name)
  const values = Object.fromEntries(members.map(([name, member]) => [name, valueOf(member, depth + 1)]))
  return fc.record(values, { requiredKeys: depth > 0 ? [...tokens, ...Object.keys(values).slice(0, 1)] : tokens, noNullPrototype: true })
}
