import { isDeepStrictEqual } from 'node:util'
import { AwsError, type Caller, type Operation } from '../../aws.js'
import { requireHeeded, type UnheededRow } from '../../unheeded.js'
import type { TagRecord } from '../engine/records.js'
import { isObject, type JsonObject, ownValue } from '../template/json.js'
import { generateName, isOwn, type RdsRoom, type ResourceHandler, type ResourceRequest, tagsOf } from './handler.js'

/** Where a resource's properties and the API's members have different names; null is for what the API does not take. */
export type Renames = Readonly<Record<string, string | null>>

/** One type of RDS's resources: how its properties become calls, and what of its description becomes attributes. */
export interface RdsKind<Description extends object = JsonObject> {
  /** As the names of its operations have it. */
  noun: 'DBCluster' | 'DBClusterParameterGroup' | 'DBInstance' | 'DBParameterGroup' | 'DBSubnetGroup'
  /** The property, and the member, that identifies one. */
  identifier: string
  longest: number
  renames?: Renames
  replacedFor?: readonly string[]
  /** Properties that are no members of the API's and mean nothing here. */
  unheeded?: readonly UnheededRow[]
  /** For what takes its time: what it is to `whenSettled`, and the member that tells its status. */
  settles?: { as: 'cluster' | 'instance', status: string & keyof Description }
  /** By attribute, the path to it in a description, where that is another. */
  attributes?: Readonly<Record<string, string>>
  /** Instead of the plain `Create`. */
  make?: (request: ResourceRequest, identifier: string) => Promise<unknown>
  /** What is left to do once it is made. */
  finish?: (request: ResourceRequest, identifier: string, tools: RdsTools<Description>) => Promise<unknown>
  /** Instead of a `Modify` with the properties that changed. */
  modify?: (request: ResourceRequest, identifier: string, tools: ModifyTools<Description>) => Promise<unknown>
}

/** What handlers do with every kind. */
export interface RdsTools<Description> {
  /** Undefined when there is none. */
  describe: (identifier: string, caller: Caller) => Promise<Description | undefined>
  /** The description once nothing goes on any more; throws when it is not available then. */
  ready: (identifier: string, caller: Caller) => Promise<Description>
  call: (verb: string, input: object, caller: Caller) => Promise<JsonObject>
}

/** And with one whose properties changed: those, and all as they were before. */
export interface ModifyTools<Description> extends RdsTools<Description> {
  changed: JsonObject
  previous: JsonObject
}

/** Runs one type of RDS's resources through RDS's own operations. */
export function createRdsHandler<Description extends object> (rds: RdsRoom, kind: RdsKind<Description>): ResourceHandler {
  const { noun, identifier: named, settles, attributes = {}, renames = {}, replacedFor = [], unheeded = [] } = kind
  const operations = rds.operations as unknown as Readonly<Record<string, Operation<object, JsonObject> | undefined>>
  const call: RdsTools<Description>['call'] = async (verb, input, caller) => await operations[`${verb}${noun}`]?.(input, caller) ?? {}

  const describe: RdsTools<Description>['describe'] = async (identifier, caller) => await unlessGone(async () => {
    const { [`${noun}s`]: found } = await operations[`Describe${noun}s`]?.({ [named]: identifier }, caller) ?? {}
    return Array.isArray(found) ? found[0] as unknown as Description | undefined : undefined
  })

  const settled = async (identifier: string, caller: Caller): Promise<void> => {
    if (settles) await rds.whenSettled(settles.as, identifier, caller)
  }

  const ready: RdsTools<Description>['ready'] = async (identifier, caller) => {
    await settled(identifier, caller)
    const found = await describe(identifier, caller)
    if (!found || (settles && found[settles.status] !== 'available')) throw notStabilized(identifier, found)
    return found
  }

  const notStabilized = (identifier: string, found: Description | undefined): AwsError =>
    new AwsError('NotStabilized', `${noun} ${identifier} did not stabilize; it is ${String((settles && found?.[settles.status]) ?? 'gone')}`)

  const tagsOn = async (found: Description, caller: Caller): Promise<TagRecord[]> => {
    const { TagList: shown, [`${noun}Arn`]: arn } = found as Record<string, unknown>
    if (shown) return shown as TagRecord[]
    const { TagList: tags = [] } = await rds.operations.ListTagsForResource({ ResourceName: String(arn) }, caller)
    return tags as TagRecord[]
  }

  /** Whether what is in the way is what this request made before a crash. */
  const isOurs = async (identifier: string, request: ResourceRequest): Promise<boolean> => {
    const found = await describe(identifier, request.caller)
    return found !== undefined && isOwn(await tagsOn(found, request.caller), request)
  }

  /** Puts the resource's tags in place of those that CloudFormation gave it before. */
  const retag = async (found: Description, request: ResourceRequest): Promise<void> => {
    const { caller } = request
    const ResourceName = String((found as Record<string, unknown>)[`${noun}Arn`])
    const [present, wanted] = [await tagsOn(found, caller), tagsOf(request)]
    const gone = present.map(({ Key: key }) => key).filter(key => !wanted.some(tag => tag.Key === key))
    const changed = wanted.filter(tag => !present.some(({ Key: key, Value: value }) => key === tag.Key && value === tag.Value))
    if (gone.length > 0) await rds.operations.RemoveTagsFromResource({ ResourceName, TagKeys: gone }, caller)
    if (changed.length > 0) await rds.operations.AddTagsToResource({ ResourceName, Tags: changed }, caller)
  }

  /** Those of the type that the description has; one that has members itself is none. */
  const attributesOf = ({ type }: ResourceRequest, found: Description): JsonObject => Object.fromEntries(Object.keys(type.attributes)
    .filter((name, _, names) => !names.some(other => other.startsWith(`${name}.`)))
    .map(name => [name, textOf(memberAt(found, attributes[name] ?? name))] as const)
    .flatMap(([name, text]) => text === undefined ? [] : [[name, text]]))

  const tools = { describe, ready, call }
  return {
    replacedFor,
    create: async (request, initiated) => {
      const { caller, properties } = request
      requireHeeded(unheeded, properties, 'InvalidParameterCombination')
      const identifier = identifierOf(request, named, kind.longest)
      try {
        const given = { [named]: identifier, Tags: tagsOf(request) }
        await (kind.make?.(request, identifier) ?? call('Create', inputOf(properties, renames, given), caller))
      } catch (error) {
        const isThere = error instanceof AwsError && error.code.includes('AlreadyExists')
        if (!isThere || !await isOurs(identifier, request)) throw error
      }
      initiated(identifier)
      await kind.finish?.(request, identifier, tools)
      return Object.keys(request.type.attributes).length > 0 ? attributesOf(request, await ready(identifier, caller)) : {}
    },
    update: async (request, identifier, previous) => {
      const { caller } = request
      requireHeeded(unheeded, request.properties, 'InvalidParameterCombination')
      // A change that was begun before a crash may still be under way, and only what is available takes another.
      await settled(identifier, caller)
      const changed = changedProperties(request, previous)
      if (kind.modify) await kind.modify(request, identifier, { ...tools, changed, previous })
      else if (Object.keys(changed).length > 0) {
        await call('Modify', inputOf(changed, renames, { [named]: identifier, ApplyImmediately: true }), caller)
      }
      const found = await ready(identifier, caller)
      await retag(found, request)
      return attributesOf(request, found)
    },
    delete: async (request, identifier, finalSnapshot) => {
      const { caller } = request
      await settled(identifier, caller)
      const lastSnapshot = finalSnapshot
        ? { SkipFinalSnapshot: false, FinalDBSnapshotIdentifier: snapshotName(request) }
        : { SkipFinalSnapshot: true }
      await unlessGone(async () => await call('Delete', { [named]: identifier, ...(settles ? lastSnapshot : {}) }, caller))
      if (!settles) return
      await settled(identifier, caller)
      const left = await describe(identifier, caller)
      if (left) throw notStabilized(identifier, left)
    }
  }
}

/** What `action` answers; undefined when RDS has no such resource. */
async function unlessGone<T> (action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof AwsError && /NotFound(Fault)?$/.test(error.code)) return undefined
    throw error
  }
}

/** Members that are numbers in the API also where the resource has them as texts. */
const NUMBERS = ['AllocatedStorage', 'Port']

/** Properties as the input of an RDS operation: most have the same name in both. An empty text is no value there. */
export function inputOf<Input> (properties: JsonObject, renames: Renames, given: Partial<NoInfer<Input>>): Input {
  const members = Object.entries(properties).flatMap(([name, value]) => {
    const renamed = ownValue(renames, name)
    return renamed === null || value === '' ? [] : [[renamed ?? name, NUMBERS.includes(name) ? Number(value) : value] as const]
  })
  return { ...Object.fromEntries(members), ...given } as Input
}

/** The properties that changed, without the tags, which have operations of their own. */
function changedProperties ({ properties }: ResourceRequest, previous: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(properties).filter(([name, value]) =>
    name !== 'Tags' && !isDeepStrictEqual(value, ownValue(previous, name))))
}

/** The identifier that the template gives, else one of our own; RDS keeps identifiers in lower case. */
function identifierOf (request: ResourceRequest, property: string, longest: number): string {
  const given = ownValue(request.properties, property)
  return (typeof given === 'string' && given !== '' ? given : generateName(request, longest)).toLowerCase()
}

/** A name for the snapshot that a deleted database leaves. */
function snapshotName ({ stackName, logicalId, nonce }: ResourceRequest): string {
  return `${stackName.slice(0, 100)}-snapshot-${logicalId.slice(0, 100)}-${nonce}`.toLowerCase().replaceAll(/-{2,}/g, '-')
}

function memberAt (object: object, path: string): unknown {
  return path.split('.').reduce<unknown>((found, key) => isObject(found) ? ownValue(found, key) : undefined, object)
}

/** Times, numbers and texts as CloudFormation shows them. */
function textOf (value: unknown): string | undefined {
  if (value instanceof Date) return value.toISOString()
  return value === undefined || typeof value === 'object' ? undefined : String(value)
}
