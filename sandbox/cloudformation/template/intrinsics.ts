import { invalid, malformed } from './errors.js'
import { functions, type Intrinsic } from './functions.js'
import { type Json, type JsonObject, isObject, ownValue } from './json.js'
import { type Evaluated, type Evaluator, NO_VALUE, type Scope } from './scope.js'

/** Evaluates every function in a value. Throws a ValidationError in AWS's words. */
export function evaluate (value: Json, scope: Scope): Evaluated {
  return evaluatorOf(scope).value(value)
}

/** The truth of what stands inside `Fn::And`, `Fn::Or`, `Fn::Not` or a named condition. */
export function truthOf (value: Json, scope: Scope): boolean {
  return evaluatorOf(scope).truth(value)
}

function evaluatorOf (scope: Scope): Evaluator {
  const evaluator: Evaluator = {
    ...scope,
    value: given => {
      if (Array.isArray(given)) return given.map(evaluator.value).filter(item => item !== NO_VALUE)
      if (!isObject(given)) return given
      const call = callOf(given)
      if (call) return call.intrinsic.give(call.argument, evaluator)
      const entries = Object.entries(given).map(([key, item]) => [key, evaluator.value(item)] as const)
      return Object.fromEntries(entries.filter((entry): entry is [string, Json] => entry[1] !== NO_VALUE))
    },
    text: given => {
      const text = evaluator.value(given)
      if (typeof text === 'object' || typeof text === 'symbol') throw invalid('Template error: an intrinsic function was given a list or an object where a string belongs')
      return String(text)
    },
    truth: given => {
      if (isObject(given) && typeof given.Condition === 'string') return scope.isTrue(given.Condition)
      const truth = evaluator.value(given)
      if (truth !== true && truth !== false && truth !== 'true' && truth !== 'false') throw malformed('Every Condition member must evaluate to a boolean.')
      return String(truth) === 'true'
    }
  }
  return evaluator
}

/**
 * The function's name and argument, when the object is a call of one. Throws for a function that does not exist, and for
 * an argument that no evaluation would make right, which AWS says as soon as it reads a template.
 */
export function callOf (value: JsonObject): { name: string, argument: Json, intrinsic: Intrinsic } | undefined {
  const [name, ...others] = Object.keys(value)
  if (name === undefined || others.length > 0 || !(name === 'Ref' || name.startsWith('Fn::'))) return undefined
  const intrinsic = ownValue(functions, name)
  if (!intrinsic) throw unsupported(name)
  const argument = value[name] ?? null
  const complaint = intrinsic.complaint(argument)
  if (complaint !== undefined) throw invalid(complaint)
  return { name, argument, intrinsic }
}

/** What AWS says of a function that it does not know, with those that it does, whatever the template's transforms add. */
export function unsupported (name: string): Error {
  return invalid(`Template error: Encountered unsupported function: ${name} Supported functions are: [Fn::Base64, Fn::GetAtt, Fn::GetAZs, ` +
    'Fn::ImportValue, Fn::Join, Fn::Split, Fn::FindInMap, Fn::Select, Ref, Fn::Equals, Fn::If, Fn::Not, Condition, Fn::And, Fn::Or, Fn::Contains, ' +
    'Fn::EachMemberEquals, Fn::EachMemberIn, Fn::ValueOf, Fn::ValueOfAll, Fn::RefAll, Fn::Sub, Fn::Cidr]')
}

/** Answers for a template's conditions by name, each evaluated once, in a scope that has no resources. They are in no circle (`checkReferences`). */
export function conditionsOf (conditions: ReadonlyMap<string, Json>, scope: Omit<Scope, 'isTrue'>): (name: string) => boolean {
  const known = new Map<string, boolean>()
  const isTrue = (name: string): boolean => {
    const truth = known.get(name) ?? truthOf(conditions.get(name) ?? false, { ...scope, isTrue })
    known.set(name, truth)
    return truth
  }
  return isTrue
}
