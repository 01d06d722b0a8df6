import { ACCOUNT, AwsError, unmetConstraint } from '../../aws.js'

/** The code of nearly every refusal of CloudFormation. */
export function invalid (message: string): AwsError {
  return new AwsError('ValidationError', message)
}

export function malformed (message: string): AwsError {
  return invalid(`Template format error: ${message}`)
}

/** What AWS says of a macro that nobody registered (aws-cloudformation-templates#363); those of AWS are there, and not here. */
export function unknownTransform (name: unknown): AwsError {
  const shown = typeof name === 'string' ? name : JSON.stringify(name ?? null)
  return invalid(shown.startsWith('AWS::') ? `The transform ${shown} is not available in the sandbox.` : `No transform named ${ACCOUNT}::${shown} found.`)
}

/** What AWS says of a member of a request that its model does not allow; `rule` is what the member must. */
export function unmet (member: string, value: string | null, rule: string): AwsError {
  const shown = value === null ? 'null' : `'${value}'`
  return unmetConstraint('ValidationError', `Value ${shown} at '${member}'`, rule)
}

/** Throws what AWS says of a value that its model does not name. */
export function checkEnum (member: string, value: string | undefined, values: object): void {
  const known: string[] = Object.values(values)
  if (value !== undefined && !known.includes(value)) throw unmet(member, value, `satisfy enum value set: [${known.join(', ')}]`)
}

/** What a template's functions give; undefined where they can not give it by now. */
export function ifKnown<T> (evaluate: () => T): T | undefined {
  try {
    return evaluate()
  } catch (error) {
    if (error instanceof AwsError) return undefined
    throw error
  }
}
