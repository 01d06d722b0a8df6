import { AwsError } from '../aws.js'
import { requiredMembers, type Shape } from './schemas.js'
import type { MissingMember } from './services.js'

/** Throws what the service answers when members that its model requires are absent, at any depth. */
export function checkRequired (shape: Shape, input: unknown, style: MissingMember): void {
  if (shape.isUnitSchema()) return
  const missing = [...missingPaths(shape, input, '')]
  const [first] = missing
  if (first === undefined) return
  if (style === 'MissingParameter') throw new AwsError(style, `The request must contain the parameter ${first}.`)
  const problems = missing.map(path => `Value null at '${lowerFirst(path)}' failed to satisfy constraint: Member must not be null`)
  const count = `${problems.length} validation error${problems.length > 1 ? 's' : ''} detected`
  throw new AwsError(style, `${count}: ${problems.join('; ')}`)
}

function * missingPaths (shape: Shape, value: unknown, path: string): Generator<string> {
  if (shape.isStructSchema()) {
    const structure = value as Record<string, unknown>
    for (const name of requiredMembers(shape)) if (structure[name] === undefined) yield join(path, name)
    for (const [name, member] of shape.structIterator()) {
      if (structure[name] !== undefined) yield * missingPaths(member, structure[name], join(path, name))
    }
  } else if (shape.isListSchema()) {
    const item = shape.getValueSchema()
    for (const [index, each] of (value as unknown[]).entries()) yield * missingPaths(item, each, `${path}.${index + 1}.member`)
  }
}

function join (path: string, name: string): string {
  return path === '' ? name : `${path}.${lowerFirst(name)}`
}

function lowerFirst (name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}
