import { SLUG_PATTERN } from '../databases/naming.js'
import { SCOPES, type Key } from './keys.js'

type Entry = Readonly<Record<string, unknown>>

/** What each field of an entry must be. */
const fields: ReadonlyArray<{ name: keyof Key, must: string, holds: (value: unknown) => boolean }> = [
  { name: 'id', must: 'be a text', holds: value => typeof value === 'string' && value !== '' },
  { name: 'sha256', must: 'be 64 hex digits', holds: value => typeof value === 'string' && /^[0-9a-f]{64}$/i.test(value) },
  {
    name: 'client',
    must: 'be the name of a client or "*"',
    holds: value => typeof value === 'string' && (value === '*' || new RegExp(SLUG_PATTERN).test(value))
  },
  {
    name: 'scopes',
    must: `be a list of ${SCOPES.join(', ')}, or ["*"]`,
    holds: value => isListOf(value, item => item === '*' || (SCOPES as readonly string[]).includes(item))
  },
  { name: 'regions', must: 'be a list of regions, or ["*"]', holds: value => isListOf(value, item => item !== '') },
  { name: 'expiresAt', must: 'be null or a time such as 2027-01-01T00:00:00Z', holds: optional(value => !Number.isNaN(Date.parse(value))) },
  {
    name: 'signingSecret',
    must: 'be null or a text of 32 to 128 letters, digits and _ + / = . -, made at random',
    holds: optional(value => /^[\w+/=.-]{32,128}$/.test(value))
  }
]

/** For a field that may be missing or null, and is a text else. */
function optional (holds: (text: string) => boolean): (value: unknown) => boolean {
  return value => value === undefined || value === null || (typeof value === 'string' && holds(value))
}

/** Reads the text of a keys file. Throws one error that names every problem in it, and no hash. */
export function parseKeys (text: string): Key[] {
  const entries = parseList(text)
  const problems = entries.flatMap((entry, at) => fields
    .filter(({ name, holds }) => !holds(entry[name]))
    .map(({ name, must }) => `entry ${at + 1}: ${name} must ${must}`))
  for (const [at, { id, signingSecret }] of entries.entries()) {
    // It stands between slashes in what a client signs.
    if (typeof signingSecret === 'string' && !/^[\w.@-]+$/.test(String(id))) problems.push(`entry ${at + 1}: id must be letters, digits and _ . @ - for a key with a signingSecret`)
  }
  for (const field of ['id', 'sha256'] as const) {
    const values = entries.map(entry => String(entry[field]).toLowerCase())
    if (new Set(values).size < values.length) problems.push(`two entries have the same ${field}`)
  }
  if (problems.length > 0) throw new Error(problems.join('; '))
  return entries.map(entry => ({ expiresAt: null, signingSecret: null, ...entry }) as unknown as Key)
}

function parseList (text: string): Entry[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Error('is not JSON')
  }
  if (!Array.isArray(value) || value.length === 0) throw new Error('must be a list with at least one key')
  return value.map(entry => typeof entry === 'object' && entry !== null ? entry as Entry : {})
}

function isListOf (value: unknown, holds: (item: string) => boolean): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(item => typeof item === 'string' && holds(item))
}
