import type { Filter, ListSecretsRequest } from '@aws-sdk/client-secrets-manager'
import { AwsError, unmetConstraint } from '../aws.js'
import type { SecretRecord } from './records.js'
import { invalidParameter } from './validation.js'

/** The texts of a secret that a filter looks at. Names and tags are compared with case, descriptions without. */
const texts: Readonly<Record<string, (secret: SecretRecord) => string[]>> = {
  name: ({ name }) => [name],
  description: ({ description }) => words(description),
  'tag-key': ({ tags }) => tags.map(({ Key = '' }) => Key),
  'tag-value': ({ tags }) => tags.map(({ Value = '' }) => Value),
  'primary-region': ({ region }) => [region],
  'owning-service': ({ owner }) => words(owner),
  all: secret => [...words(secret.name), ...words(secret.description), ...secret.tags.flatMap(({ Key, Value }) => [...words(Key), ...words(Value)])]
}
const caseless: readonly string[] = ['description', 'all']

/** `all` and `description` match the beginning of any word, as AWS describes its search. */
function words (value: string | undefined): string[] {
  return value === undefined ? [] : [value, ...value.split(/[\s/_+=.@!-]+/)]
}

/** The secrets that a ListSecrets asks for, in order. Filters are all to hold; of a filter's values, one. */
export function chooseSecrets (secrets: readonly SecretRecord[], request: ListSecretsRequest): SecretRecord[] {
  const filters = request.Filters ?? []
  const chosen = secrets
    .filter(secret => request.IncludePlannedDeletion === true || secret.deletedAt === undefined)
    .filter(secret => filters.every(filter => isMatch(secret, filter)))
  const direction = request.SortOrder === 'asc' ? 1 : -1
  return chosen.sort((a, b) => direction * compare(a, b, request.SortBy))
}

function compare (a: SecretRecord, b: SecretRecord, by: ListSecretsRequest['SortBy']): number {
  if (by === 'name') return a.name < b.name ? -1 : 1
  const time = { 'created-date': 'createdAt', 'last-changed-date': 'changedAt', 'last-accessed-date': 'accessedAt' } as const
  const member = time[by ?? 'created-date']
  return (a[member] ?? 0) - (b[member] ?? 0)
}

function isMatch (secret: SecretRecord, { Key: key, Values = [] }: Filter): boolean {
  const name: string = key ?? ''
  const textsOf = Object.hasOwn(texts, name) ? texts[name] : undefined
  if (!textsOf) throw unmetConstraint('ValidationException', `Value '${name}' at 'filters.1.member.key'`, `satisfy enum value set: [${Object.keys(texts).join(', ')}]`)
  const fold = (value: string): string => caseless.includes(name) ? value.toLowerCase() : value
  const found = textsOf(secret).map(fold)
  const holds = (value: string): boolean => value.startsWith('!')
    ? !found.some(each => each.startsWith(fold(value.slice(1))))
    : found.some(each => each.startsWith(fold(value)))
  return Values.some(holds)
}

/** One page, and where the next begins. The token names the place by what comes first there, so that deletions do not shift it. */
export function pageOf<Item> (items: readonly Item[], { MaxResults = 100, NextToken }: { MaxResults?: number | undefined, NextToken?: string | undefined }, keyOf: (item: Item) => string): { page: Item[], NextToken: string | undefined } {
  if (MaxResults < 1 || MaxResults > 100) throw invalidParameter('MaxResults must be a number from 1 to 100.')
  const start = NextToken === undefined ? 0 : items.findIndex(item => keyOf(item) === fromToken(NextToken))
  if (start < 0) throw new AwsError('InvalidNextTokenException', 'Invalid pagination token: it is not one of this listing, or what it points to is gone.')
  const next = items[start + MaxResults]
  return { page: items.slice(start, start + MaxResults), NextToken: next && Buffer.from(keyOf(next)).toString('base64') }
}

function fromToken (token: string): string {
  return Buffer.from(token, 'base64').toString('utf8')
}
