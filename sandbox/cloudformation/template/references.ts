import { pathOf, splitAttribute } from './functions.js'
import { callOf } from './intrinsics.js'
import { type Json, isObject } from './json.js'
import { namesIn, subOf } from './substitution.js'

/** What a value mentions: a parameter or resource, a condition, or a function. */
export interface Reference {
  kind: 'name' | 'condition' | 'function'
  name: string
  /** Of a resource, for `Fn::GetAtt` and `${Name.Attribute}`; empty when it has to be evaluated. */
  attribute?: string | undefined
  /** What a function is given, before it is evaluated. */
  argument?: Json | undefined
}

/**
 * Everything that a value mentions. With `isTrue`, the branches of `Fn::If` that are not taken are left out, as they have
 * no effect on AWS either. Throws a ValidationError for what is no function, or is given what no function takes.
 */
export function * referencesIn (value: Json, isTrue?: (condition: string) => boolean): Generator<Reference> {
  if (Array.isArray(value)) {
    for (const item of value) yield * referencesIn(item, isTrue)
  } else if (isObject(value)) {
    const call = callOf(value)
    const { Condition: condition, ...others } = value
    if (call) yield * referencesOfCall(call.name, call.argument, isTrue)
    else if (typeof condition === 'string' && Object.keys(others).length === 0) yield { kind: 'condition', name: condition }
    else yield * referencesIn(Object.values(value), isTrue)
  }
}

function * referencesOfCall (name: string, argument: Json, isTrue?: (condition: string) => boolean): Generator<Reference> {
  yield { kind: 'function', name, argument }
  if (name === 'Ref') {
    yield { kind: 'name', name: String(argument) }
  } else if (name === 'Fn::GetAtt') {
    const [logicalId, ...path] = pathOf(argument)
    yield * referencesIn(path, isTrue)
    yield { kind: 'name', name: String(logicalId), attribute: path.every(part => typeof part === 'string') ? path.join('.') : '' }
  } else if (name === 'Fn::Sub') {
    const sub = subOf(argument)
    yield * referencesIn(Object.values(sub.given), isTrue)
    for (const path of namesIn(sub)) {
      const [logicalId = '', attribute] = splitAttribute(path)
      yield { kind: 'name', name: logicalId, attribute }
    }
  } else if (name === 'Fn::If') {
    const [condition, ...branches] = argument as [string, Json, Json]
    yield * referencesIn(isTrue ? branches[isTrue(condition) ? 0 : 1] : branches, isTrue)
  } else {
    yield * referencesIn(argument, isTrue)
  }
}
