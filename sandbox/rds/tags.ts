import type * as Rds from '@aws-sdk/client-rds'
import type { OperationsOf } from '../aws.js'
import type { Book, Kept } from './book.js'
import type { RdsContext } from './context.js'
import { invalidValue } from './names.js'

/** AWS's own do not count (General Reference, "Tagging AWS resources"). */
const MOST_TAGS = 50

/** API reference, "Tag". */
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

/** The prefix that is AWS's own, but for what CloudFormation puts on what it makes. */
const RESERVED = /^aws:(?!cloudformation:)/i

/** The tags after adding some: a key that is there gets the new value. Throws on more than fifty or a bad key. */
export function addTags (before: readonly Rds.Tag[], added: readonly Rds.Tag[] | undefined): Rds.Tag[] {
  const tags = new Map(before.map(tag => [tag.Key, tag.Value]))
  for (const { Key = '', Value = '' } of added ?? []) {
    if (!Key || Key.length > 128) throw invalidValue('Tag keys must have between 1 and 128 characters.')
    if (Value.length > 256) throw invalidValue('Tag values must have at most 256 characters.')
    if (RESERVED.test(Key)) throw invalidValue('Tag keys cannot start with the reserved prefix "aws:".')
    for (const [part, text] of [['keys', Key], ['values', Value]] as const) {
      if (!ALLOWED.test(text)) throw invalidValue(`Tag ${part} may only contain unicode letters, digits, whitespace, or one of these symbols: _ . : / = + \\ - @`)
    }
    tags.set(Key, Value)
  }
  if ([...tags.keys()].filter(key => !key?.startsWith('aws:')).length > MOST_TAGS) throw invalidValue(`A resource can have at most ${MOST_TAGS} tags.`)
  return [...tags].map(([Key, Value]) => ({ Key, Value }))
}

/** The tags of whatever an ARN names. */
export function createTagOperations ({ records }: Pick<RdsContext, 'records'>) {
  const books = Object.values(records) as unknown as ReadonlyArray<Book<Kept & { facts: { TagList?: Rds.Tag[] } }>>
  const bookOf = (arn = ''): typeof books[number] => {
    const book = books.find(({ kind }) => kind === arn.split(':')[5])
    if (!book) throw invalidValue(`Invalid resource name: ${arn}`)
    return book
  }
  const retag = (arn: string | undefined, region: string, change: (tags: Rds.Tag[]) => Rds.Tag[]): object => {
    const book = bookOf(arn)
    const found = book.require(arn, region)
    book.change(found, { TagList: change(found.facts.TagList ?? []) })
    return {}
  }
  return {
    AddTagsToResource: async ({ ResourceName: arn, Tags: added }, { region }) => retag(arn, region, tags => addTags(tags, added)),
    ListTagsForResource: async ({ ResourceName: arn }, { region }) => ({ TagList: bookOf(arn).require(arn, region).facts.TagList ?? [] }),
    RemoveTagsFromResource: async ({ ResourceName: arn, TagKeys: keys }, { region }) =>
      retag(arn, region, tags => tags.filter(({ Key = '' }) => !keys?.includes(Key)))
  } satisfies Partial<OperationsOf<typeof Rds>>
}
