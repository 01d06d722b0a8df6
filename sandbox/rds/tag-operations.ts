import type * as Rds from '@aws-sdk/client-rds'
import type { Tag } from '@aws-sdk/client-rds'
import { AwsError, type Caller, type OperationsOf } from '../aws.js'
import type { RdsContext } from './context.js'
import { invalidValue, nameIn, type ResourceKind } from './names.js'
import { addTags, removeTags } from './tags.js'

interface Tagged {
  tags: readonly Tag[]
  put: (tags: Tag[]) => void
}

export type TagOperations = OperationsOf<typeof Rds, 'AddTagsToResource' | 'ListTagsForResource' | 'RemoveTagsFromResource'>

export function createTagOperations ({ records }: Pick<RdsContext, 'records'>): TagOperations {
  const { clusters, instances, snapshots, subnetGroups, parameterGroups, instanceParameterGroups } = records
  const finders: Record<ResourceKind, (region: string, name: string) => Tagged | undefined> = {
    cluster: (region, name) => {
      const found = clusters.get(region, name)
      return found && { tags: found.facts.TagList ?? [], put: TagList => { clusters.put({ ...found, facts: { ...found.facts, TagList } }) } }
    },
    db: (region, name) => {
      const found = instances.get(region, name)
      return found && { tags: found.facts.TagList ?? [], put: TagList => { instances.put({ ...found, facts: { ...found.facts, TagList } }) } }
    },
    'cluster-snapshot': (region, name) => {
      const found = snapshots.get(region, name)
      return found && { tags: found.facts.TagList ?? [], put: TagList => { snapshots.put({ ...found, facts: { ...found.facts, TagList } }) } }
    },
    subgrp: (region, name) => {
      const found = subnetGroups.get(region, name)
      return found && { tags: found.tags, put: tags => { subnetGroups.put({ ...found, tags }) } }
    },
    'cluster-pg': (region, name) => {
      const found = parameterGroups.get(region, name)
      return found && { tags: found.tags, put: tags => { parameterGroups.put({ ...found, tags }) } }
    },
    pg: (region, name) => {
      const found = instanceParameterGroups.get(region, name)
      return found && { tags: found.tags, put: tags => { instanceParameterGroups.put({ ...found, tags }) } }
    }
  }
  const find = (arn: string | undefined, caller: Caller): Tagged => {
    const kind = arn?.split(':')[5] as ResourceKind | undefined
    const finder = kind && Object.hasOwn(finders, kind) ? finders[kind] : undefined
    if (!arn || !kind || !finder) throw invalidValue(`Invalid resource name: ${arn ?? ''}`)
    const name = nameIn(arn, kind, caller)
    const found = name === undefined ? undefined : finder(caller.region, name)
    if (!found) throw new AwsError(NOT_FOUND[kind], `The resource ${arn} was not found.`, 404)
    return found
  }
  return {
    AddTagsToResource: async ({ ResourceName, Tags }, caller) => {
      const resource = find(ResourceName, caller)
      resource.put(addTags(resource.tags, Tags))
      return {}
    },
    ListTagsForResource: async ({ ResourceName }, caller) => ({ TagList: [...find(ResourceName, caller).tags] }),
    RemoveTagsFromResource: async ({ ResourceName, TagKeys }, caller) => {
      const resource = find(ResourceName, caller)
      resource.put(removeTags(resource.tags, TagKeys ?? []))
      return {}
    }
  }
}

const NOT_FOUND: Readonly<Record<ResourceKind, string>> = {
  cluster: 'DBClusterNotFoundFault',
  db: 'DBInstanceNotFound',
  'cluster-snapshot': 'DBClusterSnapshotNotFoundFault',
  subgrp: 'DBSubnetGroupNotFoundFault',
  'cluster-pg': 'DBClusterParameterGroupNotFound',
  pg: 'DBParameterGroupNotFound'
}
