import type * as Rds from '@aws-sdk/client-rds'
import type { OperationsOf } from '../aws.js'
import { type RdsContext, requireStatus } from './context.js'
import { arnOf, invalidCombination, invalidValue, newResourceId, readIdentifier } from './names.js'
import { filterBy, listed, pageOf } from './paging.js'
import { type ClusterRecord, type EndpointRecord, membersOf } from './records.js'
import { addTags } from './tags.js'

/** Aurora User Guide, "Considerations for custom endpoints": `WRITER` is a type of AWS's own endpoints only. */
const CUSTOM_TYPES = ['READER', 'ANY']

/** The endpoints of clusters, and those that are made beside them: every one leads to the cluster's one server. */
export function createClusterEndpointOperations ({ records }: Pick<RdsContext, 'records'>) {
  const { clusters, endpoints } = records
  const customOf = ({ region, facts }: ClusterRecord): EndpointRecord[] =>
    endpoints.in(region).filter(({ clusterId }) => clusterId === facts.DbClusterResourceId)
  const clusterOf = ({ region, clusterId }: EndpointRecord): ClusterRecord => {
    const found = clusters.in(region).find(({ facts }) => facts.DbClusterResourceId === clusterId)
    if (!found) throw clusters.notFound(clusterId)
    return found
  }
  const show = (cluster: ClusterRecord, { facts }: EndpointRecord, Status = 'available') => ({
    ...facts, DBClusterIdentifier: cluster.facts.DBClusterIdentifier, Endpoint: cluster.facts.Endpoint, EndpointType: 'CUSTOM', Status
  })

  return {
    CreateDBClusterEndpoint: async (input, { region }) => {
      const cluster = clusters.require(input.DBClusterIdentifier, region)
      const id = readIdentifier('DBClusterEndpointIdentifier', input.DBClusterEndpointIdentifier)
      const members = readMembers(records, cluster, input)
      const CustomEndpointType = requireType(input.EndpointType)
      requireStatus(cluster)
      endpoints.requireRoom(id, region, customOf(cluster))
      const facts = {
        ...members,
        DBClusterEndpointIdentifier: id,
        DBClusterEndpointArn: arnOf(region, 'cluster-endpoint', id),
        DBClusterEndpointResourceIdentifier: newResourceId('cluster-endpoint'),
        CustomEndpointType,
        TagList: addTags([], input.Tags)
      }
      const record = { region, clusterId: cluster.facts.DbClusterResourceId, facts }
      endpoints.put(record)
      return show(cluster, record, 'creating')
    },

    DescribeDBClusterEndpoints: async (input, { region }) => {
      const { DBClusterIdentifier: name, DBClusterEndpointIdentifier: wanted } = input
      const shown = (name ? [clusters.require(name, region)] : clusters.in(region)).flatMap(cluster =>
        [...ownOf(cluster), ...customOf(cluster).map(endpoint => show(cluster, endpoint))])
      // One that there is not is an empty list: the operation has no fault of that name (API reference).
      const found = wanted ? shown.filter(({ DBClusterEndpointIdentifier: id }) => id === wanted.toLowerCase()) : shown
      return listed('DBClusterEndpoints', pageOf(filterBy(found, input, {
        'db-cluster-endpoint-id': ({ DBClusterEndpointIdentifier: id }) => [id],
        'db-cluster-endpoint-custom-type': ({ CustomEndpointType: type }) => [type],
        'db-cluster-endpoint-type': ({ EndpointType }) => [EndpointType],
        'db-cluster-endpoint-status': ({ Status }) => [Status]
      }), input), endpoint => endpoint)
    },

    ModifyDBClusterEndpoint: async (input, { region }) => {
      const endpoint = endpoints.require(input.DBClusterEndpointIdentifier, region)
      const cluster = clusterOf(endpoint)
      const { CustomEndpointType } = endpoint.facts
      const members = input.StaticMembers || input.ExcludedMembers ? readMembers(records, cluster, input) : {}
      const changed = { ...members, CustomEndpointType: input.EndpointType ? requireType(input.EndpointType) : CustomEndpointType }
      return show(cluster, endpoints.change(endpoint, changed), 'modifying')
    },

    DeleteDBClusterEndpoint: async (input, { region }) => {
      const endpoint = endpoints.require(input.DBClusterEndpointIdentifier, region)
      endpoints.delete(endpoint)
      return show(clusterOf(endpoint), endpoint, 'deleting')
    }
  } satisfies Partial<OperationsOf<typeof Rds>>
}

function ownOf ({ facts }: ClusterRecord): Rds.DBClusterEndpoint[] {
  const shared = { DBClusterIdentifier: facts.DBClusterIdentifier, Status: 'available' }
  return [
    { ...shared, Endpoint: facts.Endpoint, EndpointType: 'WRITER' },
    { ...shared, Endpoint: facts.ReaderEndpoint, EndpointType: 'READER' }
  ]
}

function requireType (type = ''): string {
  if (!CUSTOM_TYPES.includes(type)) throw invalidValue(`Invalid EndpointType: ${type}. Valid values are ${CUSTOM_TYPES.join(', ')}.`)
  return type
}

/** Whom the endpoint is for; either list empties the other. Throws AWS's refusal of both, and of what is no instance of the cluster. */
function readMembers (
  records: RdsContext['records'], cluster: ClusterRecord, { StaticMembers = [], ExcludedMembers = [] }: Pick<Rds.DBClusterEndpoint, 'StaticMembers' | 'ExcludedMembers'>
): { StaticMembers: string[], ExcludedMembers: string[] } {
  if (StaticMembers.length > 0 && ExcludedMembers.length > 0) throw invalidCombination('StaticMembers and ExcludedMembers can\'t both be specified.')
  const there = membersOf(records, cluster).map(({ facts }) => facts.DBInstanceIdentifier)
  const missing = [...StaticMembers, ...ExcludedMembers].find(name => !there.includes(name.toLowerCase()))
  if (missing !== undefined) throw records.instances.notFound(missing)
  return { StaticMembers, ExcludedMembers }
}
