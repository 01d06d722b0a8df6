import type { Tag } from '@aws-sdk/client-rds'
import { invalidValue } from './names.js'

const MOST_TAGS = 50

/** The tags after adding some: a key that is there gets the new value. Throws on more than fifty or a bad key. */
export function addTags (before: readonly Tag[] | undefined, added: readonly Tag[] | undefined): Tag[] {
  const tags = new Map((before ?? []).map(tag => [tag.Key, tag.Value]))
  for (const { Key = '', Value = '' } of added ?? []) {
    if (!Key || Key.length > 128) throw invalidValue('Tag keys must have between 1 and 128 characters.')
    if (Value.length > 256) throw invalidValue('Tag values must have at most 256 characters.')
    tags.set(Key, Value)
  }
  if (tags.size > MOST_TAGS) throw invalidValue(`A resource can have at most ${MOST_TAGS} tags.`)
  return [...tags].map(([Key, Value]) => ({ Key, Value }))
}

export function removeTags (before: readonly Tag[] | undefined, keys: readonly string[]): Tag[] {
  return (before ?? []).filter(({ Key }) => !keys.includes(Key ?? ''))
}
