import type { Caller } from '../../aws.js'
import type { Durations } from '../../pace.js'
import type { RdsOperations } from '../../rds/rds.js'
import type { SecretOperations } from '../../secrets-manager/secrets-manager.js'
import type { TagRecord } from '../engine/records.js'
import type { ResourceType } from '../specification/specification.js'
import type { JsonObject } from '../template/json.js'

/** One resource of one stack, as a handler sees it. */
export interface ResourceRequest {
  caller: Caller
  stackId: string
  stackName: string
  logicalId: string
  type: ResourceType
  /** Random, and the same at every repetition after a crash: names made from it find the resource again. */
  nonce: string
  /** Typed, dynamic references resolved: may hold a password. */
  properties: JsonObject
  /** The stack's own tags and the three that CloudFormation adds. */
  stackTags: TagRecord[]
}

/**
 * Makes, changes and deletes the resources of one type. Every step may be repeated after a crash: a resource that is
 * there already with this stack's tags is this one, one that is gone is deleted.
 */
export interface ResourceHandler {
  /** Calls `initiated` once the resource exists and has its physical id, resolves with its attributes once it is ready. */
  create: (request: ResourceRequest, initiated: (physicalId: string) => void) => Promise<JsonObject>
  update: (request: ResourceRequest, physicalId: string, previous: JsonObject) => Promise<JsonObject>
  delete: (request: ResourceRequest, physicalId: string, finalSnapshot: boolean) => Promise<void>
  /** Of the properties for which the specification leaves it to the handler, those that only a replacement changes. */
  replacedFor?: readonly string[]
}

/** How long what is not a database takes. */
export type Pause = Pick<Durations, 'resource'>

/** `stack-logicalid-nonce`, as CloudFormation names what is given no name, cut to `longest` characters. */
export function generateName ({ stackName, logicalId, nonce }: ResourceRequest, longest: number): string {
  const half = Math.floor((longest - nonce.length - 2) / 2)
  return `${stackName.slice(0, half)}-${logicalId.slice(0, half)}-${nonce}`.replaceAll(/-{2,}/g, '-')
}

/** The resource's own tags over those of the stack. */
export function tagsOf ({ properties, stackTags }: ResourceRequest): TagRecord[] {
  const own = Array.isArray(properties.Tags) ? properties.Tags as unknown as TagRecord[] : []
  const byKey = new Map([...stackTags, ...own].map(tag => [tag.Key, tag]))
  return [...byKey.values()]
}

/** A tag as the SDK's types of any service have it. */
interface Tag { Key?: string | undefined, Value?: string | undefined }

/** Whether a resource that is in the way is the one that this request made before a crash. */
export function isOwn (tags: readonly Tag[] | undefined, request: ResourceRequest): boolean {
  const has = (key: string, value: string): boolean => tags?.some(tag => tag.Key === key && tag.Value === value) ?? false
  return has('aws:cloudformation:stack-id', request.stackId) && has('aws:cloudformation:logical-id', request.logicalId)
}

type Lives<Noun extends string> = `${'Create' | 'Delete' | 'Modify'}${Noun}` | `Describe${Noun}s`

/** What the handlers need of the RDS room. */
export interface RdsRoom {
  operations: Pick<RdsOperations, Lives<'DBCluster' | 'DBClusterParameterGroup' | 'DBInstance' | 'DBParameterGroup' | 'DBSubnetGroup'> |
    'AddRoleToDBCluster' | 'RemoveRoleFromDBCluster' |
    'AddTagsToResource' | 'ListTagsForResource' | 'RemoveTagsFromResource' |
    'DisableHttpEndpoint' | 'EnableHttpEndpoint' |
    'ResetDBClusterParameterGroup' | 'ResetDBParameterGroup' |
    'RestoreDBClusterFromSnapshot' | 'RestoreDBClusterToPointInTime'>
  /** Resolves when the cluster or instance is not being created, changed or deleted any more; at once when there is none. */
  whenSettled: (kind: 'cluster' | 'instance', identifier: string, caller: Caller) => Promise<void>
}

/** What the handlers and dynamic references need of the Secrets Manager room. */
export interface SecretsRoom {
  operations: Pick<SecretOperations, 'CreateSecret' | 'DeleteSecret' | 'DescribeSecret' | 'UpdateSecret' |
    'DeleteResourcePolicy' | 'PutResourcePolicy' |
    'GetRandomPassword' | 'GetSecretValue' | 'PutSecretValue' |
    'TagResource' | 'UntagResource'>
}
