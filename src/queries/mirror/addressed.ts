import type { Target } from '../../databases/access.js'
import { Problem } from '../../problems.js'
import { splitMembers, type Member } from '../../json-members.js'
import { isQueryOrChange } from '../sql/prepare.js'
import { hasRoomForTag, tagStatement, type Tagged } from '../sql/tag.js'

/** A request on its way. */
export interface Addressed {
  body: Uint8Array
  /** The open transaction that it belongs to. */
  transactionId: string | null
  /** Its statement as it goes on; null for one that goes on as it came. */
  tagged: Tagged | null
  /** Whether its statement is to end with its caller although it goes on as it came. */
  endsUntagged: boolean
}

/** Members of a request that say where it goes, and what they must be. */
type Address = Readonly<Record<'resourceArn' | 'secretArn', string>>

const strict = new TextDecoder('utf-8', { fatal: true })

/**
 * A request of the Data API, bound to a database: it names that database's cluster and secret, and no other. Whoever leaves the
 * cluster to the path leaves the name of the database to it too. A statement that may be cancelled gets the comment `tag`, and nothing
 * else is changed. Throws a problem, `forbidden` for an address that is another one.
 */
export function addressTo (target: Target, operation: string, body: Uint8Array, tag: string): Addressed {
  const members = readMembers(body)
  const address: Address = { resourceArn: target.clusterArn, secretArn: target.secretArn }
  const given = new Map(members.map(({ name, source }) => [name, source]))
  for (const { name } of members) assertKnownSpelling(name)
  if (given.size < members.length) throw malformed('The body has a member twice.')
  const { sql, continueAfterTimeout, transactionId } = readSome(given, ['sql', 'continueAfterTimeout', 'transactionId'])
  const missing = Object.entries(address).filter(([name, arn]) => !isGiven(name, arn, given.get(name), operation))
  const endsWithCaller = continueAfterTimeout === undefined || continueAfterTimeout === null || continueAfterTimeout === false
  const mayBeCancelled = operation.endsWith('Execute') && typeof sql === 'string' && sql !== '' && endsWithCaller
  const tagged = mayBeCancelled && !readsItself.test(sql) && hasRoomForTag(sql) ? tagStatement(sql, tag) : null
  const facts = { transactionId: typeof transactionId === 'string' ? transactionId : null, tagged, endsUntagged: mayBeCancelled && !tagged && isQueryOrChange(sql) }
  if (missing.length === 0 && !tagged) return { body, ...facts }
  const database = needsDatabase(operation, given) ? [`"database":${JSON.stringify(target.databaseName)}`] : []
  const rest = members.filter(({ name }) => !missing.some(([each]) => each === name))
    .map(({ name, source }) => tagged && name === 'sql' ? `"sql":${JSON.stringify(tagged.sql)}` : source)
  const sources = [...missing.map(([name, arn]) => `"${name}":${JSON.stringify(arn)}`), ...database, ...rest]
  return { body: new TextEncoder().encode(`{${sources.join(',')}}`), ...facts }
}

/** The members of a request that are wanted of it, as they are written there, and some more in the place of others. */
export function rewrite (body: Uint8Array, isWanted: (name: string) => boolean, more: Readonly<Record<string, string>> = {}): Uint8Array {
  const kept = splitMembers(strict.decode(body)).filter(({ name }) => isWanted(name) && !(name in more)).map(({ source }) => source)
  const added = Object.entries(more).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
  return new TextEncoder().encode(`{${[...kept, ...added].join(',')}}`)
}

/** What answers with the text of the statement. */
const readsItself = /current_query|pg_stat_(activity|statements)/i

function readSome (given: ReadonlyMap<string, string>, names: readonly string[]): Readonly<Record<string, unknown>> {
  return JSON.parse(`{${names.flatMap(name => given.get(name) ?? []).join(',')}}`) as Record<string, unknown>
}

/** Throws what AWS answers to a body that is not a JSON object. None at all is an empty one. */
function readMembers (body: Uint8Array): Member[] {
  if (body.byteLength === 0) return []
  try {
    const text = strict.decode(body)
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return splitMembers(text)
  } catch (error) {
    throw malformed('The body is not valid JSON.', error)
  }
  throw malformed('The body is not a JSON object.')
}

const malformed = (detail: string, cause?: unknown): Problem => new Problem('malformed-json', detail, { cause, isConfidential: true })

/** Nobody promises that AWS reads names as exactly as they are written here. */
function assertKnownSpelling (name: string): void {
  const known = ['resourceArn', 'secretArn'].find(each => each.toLowerCase() === name.toLowerCase())
  if (known === undefined || known === name) return
  throw new Problem('invalid-request', `The body has ${name} where it must have ${known}.`, {
    errors: [{ path: `/${name}`, message: `must be spelled ${known}` }]
  })
}

/** Whether a member is there and as it must be. Null is as good as nothing. */
function isGiven (name: string, arn: string, source: string | undefined, operation: string): boolean {
  if (source === undefined) return false
  const { [name]: value } = readSome(new Map([[name, source]]), [name])
  if (value === null) return false
  if (value === arn) return true
  const kind = name === 'secretArn' ? 'secret' : 'cluster'
  throw new Problem('forbidden', `${name} names another ${kind} than that of the database in the path, which is ${arn}: ` +
    `it is not authorized to perform rds-data:${operation} there. Leave it out, or name that one.`)
}

/** A transaction has its database already, and its end needs none. */
function needsDatabase (operation: string, given: ReadonlyMap<string, string>): boolean {
  return !given.has('resourceArn') && !given.has('database') && !given.has('transactionId') && !/^(Commit|Rollback)/.test(operation)
}
