import { AwsError, unmetConstraint } from '../aws.js'

/** The limits of the service model, by the member's name in messages. Strings in characters, blobs in bytes. */
const lengths: Readonly<Record<string, readonly [least: number, most: number]>> = {
  name: [1, 512],
  secretId: [1, 2048],
  description: [0, 2048],
  secretString: [1, 65_536],
  secretBinary: [1, 65_536],
  clientRequestToken: [32, 64],
  versionId: [32, 64],
  versionStage: [1, 256]
}

/** Throws ValidationException as AWS words it when a value is shorter or longer than its member may be. */
export function checkLengths (input: object): void {
  for (const [member, value] of Object.entries(input) as Array<[string, unknown]>) {
    const name = member.charAt(0).toLowerCase() + member.slice(1)
    const [least, most] = lengths[name] ?? []
    if (least === undefined || most === undefined || (typeof value !== 'string' && !(value instanceof Uint8Array))) continue
    if (value.length > most) throw outside(name, value, `length less than or equal to ${most}`)
    if (value.length < least) throw outside(name, value, `length greater than or equal to ${least}`)
  }
}

/** Throws ValidationException as AWS words it for a number outside the bounds of its member. */
export function checkRange (name: string, value: number, least: number, most: number): void {
  const bound = value < least ? `greater than or equal to ${least}` : value > most ? `less than or equal to ${most}` : undefined
  if (bound) throw unmetConstraint('ValidationException', `Value '${value}' at '${name}'`, `have value ${bound}`)
}

/** Values that must not be repeated in a message, because they are secret. */
const unspoken: readonly string[] = ['secretString', 'secretBinary']

function outside (name: string, value: string | Uint8Array, constraint: string): AwsError {
  const shown = unspoken.includes(name) ? 'Value' : `Value '${String(value)}'`
  return unmetConstraint('ValidationException', `${shown} at '${name}'`, `have ${constraint}`)
}

/** Throws ValidationException for a name with characters that a secret's name may not have. */
export function checkName (name: string): void {
  if (/^[A-Za-z0-9/_+=.@!-]+$/.test(name)) return
  throw new AwsError('ValidationException', 'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!')
}

/** Throws when a secret is given both kinds of value. */
export function checkOneValue (input: { SecretString?: string | undefined, SecretBinary?: Uint8Array | undefined }): void {
  if (input.SecretString === undefined || input.SecretBinary === undefined) return
  throw invalidParameter("You can't specify both a binary secret value and a string secret value in the same secret.")
}

/** Throws for a new value that is none; an empty text is none either. */
export function requireValue (input: { SecretString?: string | undefined, SecretBinary?: Uint8Array | undefined }): void {
  if (!input.SecretString && !input.SecretBinary?.length) throw invalidRequest('You must provide either SecretString or SecretBinary.')
}

export function invalidParameter (message: string): AwsError {
  return new AwsError('InvalidParameterException', message)
}

export function invalidRequest (message: string): AwsError {
  return new AwsError('InvalidRequestException', message)
}
