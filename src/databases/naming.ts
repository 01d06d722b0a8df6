import { createHash } from 'node:crypto'

/** What identifies a database: one per client, name, environment and region. */
export interface DatabaseKey {
  client: string
  name: string
  environment: string
  region: string
}

/** What `client` and `name` look like: words of lowercase letters and digits, joined by single hyphens. */
export const SLUG_PATTERN = '^[a-z][a-z0-9]*(-[a-z0-9]+)*$'
export const SLUG_MAX_LENGTH = 40

/** `{region}.{stackName}`. */
export const ID_PATTERN = '^[a-z]{2}(-[a-z]+)+-[0-9]+\\.[a-zA-Z][-a-zA-Z0-9]{0,127}$'

const NAME_MAX_LENGTH = 63
const HASH_LENGTH = 8

/**
 * The stack's name, a function of the key alone, so that the same request always finds the same stack: what a person
 * reads, cut to fit, and a hash of the whole key, so that `acme-x`/`y` never meets `acme`/`x-y`. At most 63 characters
 * and no double hyphen, so that it can name the cluster too.
 */
export function stackNameOf (key: DatabaseKey): string {
  const readable = `${key.client}-${key.name}-${key.environment}`.slice(0, NAME_MAX_LENGTH - HASH_LENGTH - 1).replace(/-$/, '')
  return `${readable}-${hashOf([key.client, key.name, key.environment, key.region]).slice(0, HASH_LENGTH)}`
}

const stackName = new RegExp(`^[a-z][a-z0-9-]{1,${NAME_MAX_LENGTH - HASH_LENGTH - 2}}-[a-z2-7]{${HASH_LENGTH}}$`)

/** Whether a stack may be one of this service's, by its name. */
export function isStackName (name: string): boolean {
  return stackName.test(name)
}

/** What tells the name of a stack from those of all others, and every name that is made from it. */
export function uniquePartOf (stackName: string): string {
  return stackName.slice(-HASH_LENGTH - 1)
}

/** The identifier of a snapshot that was asked for: the stack's name, cut to fit, and the snapshot's own. At most 63 characters, as RDS has it. */
export function snapshotIdOf (stackName: string, name: string): string {
  const unique = uniquePartOf(stackName)
  const readable = stackName.slice(0, -unique.length).slice(0, NAME_MAX_LENGTH - unique.length - name.length - 1).replace(/-$/, '')
  return `${readable}${unique}-${name}`
}

export function idOf (region: string, stackName: string): string {
  return `${region}.${stackName}`
}

/** Region and stack name of an id, null when it is none. */
export function parseId (id: string): { region: string, stackName: string } | null {
  if (!new RegExp(ID_PATTERN).test(id)) return null
  const dot = id.indexOf('.')
  return { region: id.slice(0, dot), stackName: id.slice(dot + 1) }
}

/** 26 characters of `a`–`z` and `2`–`7`, 130 bits of the SHA-256 of a value's JSON, object keys in order. */
export function hashOf (value: unknown): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'
  const bytes = createHash('sha256').update(JSON.stringify(sortKeys(value))).digest()
  const bits = Array.from(bytes, byte => byte.toString(2).padStart(8, '0')).join('')
  return Array.from({ length: 26 }, (_, at) => alphabet[parseInt(bits.slice(at * 5, at * 5 + 5), 2)]).join('')
}

function sortKeys (value: unknown): unknown {
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map(sortKeys)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([key, each]) => [key, sortKeys(each)]))
}
