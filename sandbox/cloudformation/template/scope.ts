import type { Json, JsonObject } from './json.js'

/** What `Ref: AWS::NoValue` evaluates to; the member or item that holds it disappears. */
export const NO_VALUE = Symbol('AWS::NoValue')

export type Evaluated = Json | typeof NO_VALUE

/** What a template's functions can see. */
export interface Scope {
  region: string
  /** Parameters, pseudo parameters and resources by name; undefined when there is none. */
  ref: (name: string) => Evaluated | undefined
  attribute: (logicalId: string, attribute: string) => Json
  isTrue: (condition: string) => boolean
  importValue: (exportName: string) => string
  /** An output of another stack, in the region of this one unless another is named. */
  stackOutput: (stackName: string, outputName: string, region: string) => string
  mappings: JsonObject
}

/** A scope with the means to evaluate what a function is given. */
export interface Evaluator extends Scope {
  value: (given: Json) => Evaluated
  /** Throws a ValidationError for what is no text, number or boolean. */
  text: (given: Json) => string
  /** Throws a ValidationError for what is neither true nor false. */
  truth: (given: Json) => boolean
}

/** A scope for where there are only parameters: whatever else is asked for, `refuse` throws. */
export function scopeOfParameters (refuse: () => never, given: Pick<Scope, 'ref'> & Partial<Scope>): Scope {
  return { region: '', mappings: {}, attribute: refuse, isTrue: refuse, importValue: refuse, stackOutput: refuse, ...given }
}
