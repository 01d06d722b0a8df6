import { splitAttribute } from './document.js'
import { callOf, namesInSub } from './intrinsics.js'
import { type Json, isObject } from './json.js'

/** A name that a value mentions: `attribute` is set for `Fn::GetAtt` and `${Name.Attribute}`. */
export interface Reference {
  kind: 'name' | 'condition' | 'if' | 'import'
  name: string
  attribute?: string | undefined
  /** What `Fn::ImportValue` was given: it may have to be evaluated to give the export's name. */
  argument?: Json | undefined
}

/**
 * Every name in a value. With `isTrue`, the branches of `Fn::If` that are not taken are left out, as they have no
 * effect on AWS either.
 */
export function * referencesIn (value: Json, isTrue?: (condition: string) => boolean): Generator<Reference> {
  if (Array.isArray(value)) {
    for (const item of value) yield * referencesIn(item, isTrue)
  } else if (isObject(value)) {
    const call = callOf(value)
    if (call) yield * referencesOfCall(call.name, call.argument, isTrue)
    else if (isCondition(value)) yield { kind: 'condition', name: value.Condition }
    else yield * referencesIn(Object.values(value), isTrue)
  }
}

function isCondition (value: object): value is { Condition: string } {
  return 'Condition' in value && typeof value.Condition === 'string' && Object.keys(value).length === 1
}

function * referencesOfCall (name: string, argument: Json, isTrue?: (condition: string) => boolean): Generator<Reference> {
  const parts = [argument].flat()
  const [first] = parts
  if (name === 'Ref') {
    yield { kind: 'name', name: String(argument) }
  } else if (name === 'Fn::GetAtt') {
    const [logicalId = '', ...path] = typeof argument === 'string' ? splitAttribute(argument) : parts
    yield * referencesIn(path, isTrue)
    const literal = path.every(part => typeof part === 'string')
    yield { kind: 'name', name: String(logicalId), attribute: literal ? path.join('.') : '' }
  } else if (name === 'Fn::Sub' && typeof first === 'string') {
    const given = isObject(parts[1] ?? null) ? parts[1] as Record<string, Json> : {}
    yield * referencesIn(Object.values(given), isTrue)
    for (const path of namesInSub(first, given)) {
      const [logicalId = '', attribute] = splitAttribute(path)
      yield { kind: 'name', name: logicalId, attribute }
    }
  } else if (name === 'Fn::If' && typeof first === 'string') {
    yield { kind: 'if', name: first }
    const branches = parts.slice(1)
    yield * referencesIn(isTrue ? branches[isTrue(first) ? 0 : 1] ?? null : branches, isTrue)
  } else {
    if (name === 'Fn::ImportValue') yield { kind: 'import', name: '', argument }
    yield * referencesIn(argument, isTrue)
  }
}
