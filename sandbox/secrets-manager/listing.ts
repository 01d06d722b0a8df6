import type { Filter, ListSecretsRequest } from '@aws-sdk/client-secrets-manager'
import { AwsError, unmetConstraint } from '../aws.js'
import type { SecretRecord } from './records.js'
import { invalidParameter } from './validation.js'

/** The texts of a secret that a filter looks at, and whether it is compared word by word and without case. */
const texts: Readonly<Record<string, { of: (secret: SecretRecord) => string[], byWords?: boolean }>> = {
  all: {
    of: ({ name, description, tags = [] }) => [name, description, ...tags.flatMap(({ Key, Value }) => [Key, Value])].flatMap(words),
    byWords: true
  },
  name: { of: ({ name }) => [name] },
  'tag-key': { of: ({ tags = [] }) => tags.map(({ Key = '' }) => Key) },
  description: { of: ({ description }) => words(description), byWords: true },
  'tag-value': { of: ({ tags = [] }) => tags.map(({ Value = '' }) => Value) },
  'primary-region': { of: ({ region }) => [region] },
  'owning-service': { of: ({ owner }) => owner === undefined ? [] : [owner] }
}

function words (value = ''): string[] {
  return value.toLowerCase().split(/[\s/_+=.@!-]+/).filter(word => word !== '')
}

/** The secrets that a ListSecrets asks for, in order. Filters are all to hold; of a filter's values, one. */
export function chooseSecrets (secrets: readonly SecretRecord[], request: ListSecretsRequest): SecretRecord[] {
  const filters = request.Filters ?? []
  const chosen = secrets
    .filter(secret => request.IncludePlannedDeletion === true || secret.deletedAt === undefined)
    .filter(secret => filters.every(filter => isMatch(secret, filter)))
  const direction = request.SortOrder === 'desc' ? -1 : 1
  return chosen.sort((a, b) => direction * compare(a, b, request.SortBy))
}

function compare (a: SecretRecord, b: SecretRecord, by: ListSecretsRequest['SortBy']): number {
  if (by === 'name') return a.name < b.name ? -1 : 1
  const time = { 'created-date': 'createdAt', 'last-changed-date': 'changedAt', 'last-accessed-date': 'accessedAt' } as const
  const member = time[by ?? 'created-date']
  return (a[member] ?? 0) - (b[member] ?? 0)
}

/** A value is the beginning of a text, or its words are the beginnings of words of the texts. */
function isMatch (secret: SecretRecord, { Key: key, Values = [] }: Filter): boolean {
  if (key === undefined) throw invalidParameter('Invalid filter key')
  const kind = Object.hasOwn(texts, key) ? texts[key] : undefined
  if (!kind) throw unmetConstraint('ValidationException', `Value '${String(key)}' at 'filters.1.member.key'`, `satisfy enum value set: [${Object.keys(texts).join(', ')}]`)
  const found = kind.of(secret)
  const begins = (value: string): boolean =>
    (kind.byWords ? words(value) : [value]).every(part => found.some(each => each.startsWith(part)))
  return Values.some(value => value.startsWith('!') ? !begins(value.slice(1)) : begins(value))
}

interface PageWanted { MaxResults?: number | undefined, NextToken?: string | undefined }

/** One page, and where the next begins. The token names the place by what comes first there, so that deletions do not shift it. */
export function pageOf<Item> (
  items: readonly Item[], { MaxResults = 100, NextToken }: PageWanted, keyOf: (item: Item) => string
): { page: Item[], NextToken: string | undefined } {
  const start = NextToken === undefined ? 0 : items.findIndex(item => keyOf(item) === fromToken(NextToken))
  if (start < 0) throw new AwsError('InvalidNextTokenException', 'Invalid pagination token: it is not one of this listing, or what it points to is gone.')
  const next = items[start + MaxResults]
  return { page: items.slice(start, start + MaxResults), NextToken: next && Buffer.from(keyOf(next)).toString('base64') }
}

function fromToken (token: string): string {
  return Buffer.from(token, 'base64').toString('utf8')
}
