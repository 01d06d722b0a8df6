import { callOf, evaluate, type Scope } from './intrinsics.js'
import { type Json, isObject } from './json.js'
import { referencesIn } from './references.js'

/**
 * Evaluates every function in a value that needs no resource and no export of another stack: what is wrong with those
 * AWS says before it launches anything (LocalStack's recordings, `test_mapping_with_nonexisting_key`). Throws a
 * ValidationError.
 */
export function checkFunctions (value: Json, scope: Scope, isResource: (name: string) => boolean): void {
  const check = (item: Json): void => { checkFunctions(item, scope, isResource) }
  if (Array.isArray(value)) return value.forEach(check)
  if (!isObject(value)) return
  const call = callOf(value)
  if (!call) return Object.values(value).forEach(check)
  const waits = [...referencesIn(value, scope.isTrue)].some(({ kind, name }) => kind === 'import' || (kind === 'name' && isResource(name)))
  if (!waits) evaluate(value, scope)
  else if (call.name === 'Fn::If' && Array.isArray(call.argument)) check(call.argument[scope.isTrue(String(call.argument[0])) ? 1 : 2] ?? null)
  else check(call.argument)
}
