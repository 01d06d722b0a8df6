import { isDeepStrictEqual } from 'node:util'
import { AwsError, type Caller } from '../../aws.js'
import type { TagRecord } from '../engine/records.js'
import { type JsonObject, ownValue } from '../template/json.js'
import { generateName, type ResourceRequest, tagsOf } from './handler.js'
import type { RdsRoom } from './rooms.js'

/** Where a resource's properties and the API's members have different names; null is for what the API does not take. */
export type Renames = Readonly<Record<string, string | null>>

/** Properties as the input of an RDS operation: most have the same name in both. An empty text is no value there. */
export function inputOf<Input> (properties: JsonObject, renames: Renames, given: Partial<NoInfer<Input>>): Input {
  const members = Object.entries(properties).flatMap(([name, value]) => {
    const renamed = ownValue(renames, name)
    return renamed === null || value === '' ? [] : [[renamed ?? name, value] as const]
  })
  return { ...Object.fromEntries(members), ...given } as Input
}

/** The properties that changed, without the tags, which have operations of their own. */
export function changedProperties ({ properties }: ResourceRequest, previous: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(properties).filter(([name, value]) =>
    name !== 'Tags' && !isDeepStrictEqual(value, ownValue(previous, name))))
}

/** The identifier that the template gives, else one of our own; RDS keeps identifiers in lower case. */
export function identifierOf (request: ResourceRequest, property: string, longest = 63): string {
  const given = ownValue(request.properties, property)
  return (typeof given === 'string' && given !== '' ? given : generateName(request, longest)).toLowerCase()
}

/** A name for the snapshot that a deleted database leaves. */
export function snapshotName (request: ResourceRequest): string {
  const { stackName, logicalId, nonce } = request
  return `${stackName.slice(0, 100)}-snapshot-${logicalId.slice(0, 100)}-${nonce}`.toLowerCase().replaceAll(/-{2,}/g, '-')
}

/** Puts the resource's tags in place of those that CloudFormation gave it before. */
export async function retag (rds: RdsRoom, request: ResourceRequest, arn: string, caller: Caller): Promise<void> {
  const { TagList: present = [] } = await rds.operations.ListTagsForResource({ ResourceName: arn }, caller)
  const wanted = tagsOf(request)
  const keys = new Set(wanted.map(({ Key: key }) => key))
  const gone = present.flatMap(({ Key: key }) => key !== undefined && !keys.has(key) ? [key] : [])
  const changed = wanted.filter(tag => !present.some(({ Key: key, Value: value }) => key === tag.Key && value === tag.Value))
  if (gone.length > 0) await rds.operations.RemoveTagsFromResource({ ResourceName: arn, TagKeys: gone }, caller)
  if (changed.length > 0) await rds.operations.AddTagsToResource({ ResourceName: arn, Tags: changed satisfies TagRecord[] }, caller)
}

/** What is thrown when a database ends in another state than the one it was brought to. */
export function notStabilized (type: string, identifier: string, status: string | undefined): AwsError {
  return new AwsError('NotStabilized', `${type} ${identifier} did not stabilize; it is ${status ?? 'gone'}`)
}
