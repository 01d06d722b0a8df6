import type * as Rds from '@aws-sdk/client-rds'
import type { OperationsOf } from '../aws.js'
import { changeCluster, type RdsContext } from './context.js'
import { filterBy, pageOf } from './paging.js'
import { createParameterStore, type GroupFacts } from './parameter-store.js'
import { parametersOf } from './parameters.js'
import { type ClusterRecord, membersOf, type ParameterGroupRecord } from './records.js'

export type ParameterGroupOperations = OperationsOf<typeof Rds,
  'CreateDBClusterParameterGroup' | 'DescribeDBClusterParameterGroups' | 'DescribeDBClusterParameters' | 'ModifyDBClusterParameterGroup' |
  'ResetDBClusterParameterGroup' | 'DeleteDBClusterParameterGroup' | 'CreateDBParameterGroup' | 'DescribeDBParameterGroups' |
  'DescribeDBParameters' | 'ModifyDBParameterGroup' | 'ResetDBParameterGroup' | 'DeleteDBParameterGroup'
>

/** Groups for clusters and for instances: the same thing under other names. */
export function createParameterGroupOperations (context: RdsContext): ParameterGroupOperations {
  const { records, quotas } = context
  const applyTo = (uses: (cluster: ClusterRecord, group: ParameterGroupRecord) => boolean) => ({
    quota: quotas.parameterGroups,
    isInUse: (group: ParameterGroupRecord) => records.clusters.in(group.region).some(cluster => uses(cluster, group)),
    apply: async (group: ParameterGroupRecord, isPending: boolean) => {
      for (const cluster of records.clusters.in(group.region).filter(found => uses(found, group))) {
        if (isPending) changeCluster(context, cluster, {}, { isPendingReboot: true })
        await context.postgres.processes.reload(cluster.facts.DbClusterResourceId, parametersOf(context, cluster))
      }
    }
  })
  const forClusters = createParameterStore(context, {
    book: records.parameterGroups,
    arnKind: 'cluster-pg',
    noun: 'DBClusterParameterGroup',
    ...applyTo((cluster, group) => cluster.facts.DBClusterParameterGroup === group.facts.name)
  })
  const forInstances = createParameterStore(context, {
    book: records.instanceParameterGroups,
    arnKind: 'pg',
    noun: 'DBParameterGroup',
    ...applyTo((cluster, group) => membersOf(records, cluster).some(({ facts }) => facts.DBParameterGroups?.some(({ DBParameterGroupName }) => DBParameterGroupName === group.facts.name)))
  })

  return {
    CreateDBClusterParameterGroup: async (input, caller) => ({
      DBClusterParameterGroup: showClusterGroup(forClusters.create({ name: input.DBClusterParameterGroupName, family: input.DBParameterGroupFamily, description: input.Description, tags: input.Tags }, caller))
    }),
    DescribeDBClusterParameterGroups: async (input, caller) => {
      const { page, Marker } = pageOf(filterBy(forClusters.list(input.DBClusterParameterGroupName, caller), input.Filters, {}), input)
      return { DBClusterParameterGroups: page.map(showClusterGroup), Marker }
    },
    DescribeDBClusterParameters: async (input, caller) => {
      const { page, Marker } = pageOf(bySource(await forClusters.parameters(input.DBClusterParameterGroupName, caller), input.Source), input)
      return { Parameters: page, Marker }
    },
    ModifyDBClusterParameterGroup: async (input, caller) => ({
      DBClusterParameterGroupName: (await forClusters.modify(input.DBClusterParameterGroupName, input.Parameters ?? [], caller)).name
    }),
    ResetDBClusterParameterGroup: async (input, caller) => ({
      DBClusterParameterGroupName: (await forClusters.reset(input.DBClusterParameterGroupName, input.ResetAllParameters ? 'all' : input.Parameters ?? [], caller)).name
    }),
    DeleteDBClusterParameterGroup: async (input, caller) => {
      forClusters.remove(input.DBClusterParameterGroupName, caller)
      return {}
    },

    CreateDBParameterGroup: async (input, caller) => ({
      DBParameterGroup: showInstanceGroup(forInstances.create({ name: input.DBParameterGroupName, family: input.DBParameterGroupFamily, description: input.Description, tags: input.Tags }, caller))
    }),
    DescribeDBParameterGroups: async (input, caller) => {
      const { page, Marker } = pageOf(filterBy(forInstances.list(input.DBParameterGroupName, caller), input.Filters, {}), input)
      return { DBParameterGroups: page.map(showInstanceGroup), Marker }
    },
    DescribeDBParameters: async (input, caller) => {
      const { page, Marker } = pageOf(bySource(await forInstances.parameters(input.DBParameterGroupName, caller), input.Source), input)
      return { Parameters: page, Marker }
    },
    ModifyDBParameterGroup: async (input, caller) => ({
      DBParameterGroupName: (await forInstances.modify(input.DBParameterGroupName, input.Parameters ?? [], caller)).name
    }),
    ResetDBParameterGroup: async (input, caller) => ({
      DBParameterGroupName: (await forInstances.reset(input.DBParameterGroupName, input.ResetAllParameters ? 'all' : input.Parameters ?? [], caller)).name
    }),
    DeleteDBParameterGroup: async (input, caller) => {
      forInstances.remove(input.DBParameterGroupName, caller)
      return {}
    }
  }
}

function showClusterGroup ({ name, family, description, arn }: GroupFacts): Rds.DBClusterParameterGroup {
  return { DBClusterParameterGroupName: name, DBParameterGroupFamily: family, Description: description, DBClusterParameterGroupArn: arn }
}

function showInstanceGroup ({ name, family, description, arn }: GroupFacts): Rds.DBParameterGroup {
  return { DBParameterGroupName: name, DBParameterGroupFamily: family, Description: description, DBParameterGroupArn: arn }
}

function bySource (parameters: Rds.Parameter[], source: string | undefined): Rds.Parameter[] {
  return source ? parameters.filter(({ Source }) => Source === source) : parameters
}
