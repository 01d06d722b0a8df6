import type * as Rds from '@aws-sdk/client-rds'
import { AwsError, type Caller, type OperationsOf } from '../aws.js'
import type { RdsContext } from './context.js'
import { arnOf, invalidValue, standInId, zonesOf } from './names.js'
import { filterBy, pageOf } from './paging.js'
import type { Records, SubnetGroupRecord } from './records.js'
import { addTags } from './tags.js'

const NAME = /^[A-Za-z0-9._ -]{1,255}$/

/** Subnet groups are names only: every cluster of the sandbox can be reached from this machine and no other. */
export function createSubnetGroupOperations (context: RdsContext) {
  const { records, quotas } = context
  return {
    CreateDBSubnetGroup: async (input, caller) => {
      const name = (input.DBSubnetGroupName ?? '').toLowerCase()
      if (!NAME.test(name) || name === 'default') throw invalidValue(`The parameter DBSubnetGroupName is not a valid identifier: ${name}`)
      if (!input.DBSubnetGroupDescription) throw invalidValue('The parameter DBSubnetGroupDescription must be provided and must not be blank.')
      const group: SubnetGroupRecord = {
        region: caller.region,
        facts: {
          DBSubnetGroupName: name,
          DBSubnetGroupDescription: input.DBSubnetGroupDescription,
          VpcId: standInId('vpc', caller.region),
          SubnetGroupStatus: 'Complete',
          Subnets: readSubnets(input.SubnetIds, caller),
          DBSubnetGroupArn: arnOf(caller, 'subgrp', name),
          SupportedNetworkTypes: ['IPV4'],
          TagList: addTags([], input.Tags)
        }
      }
      if (records.subnetGroups.get(caller.region, name)) throw new AwsError('DBSubnetGroupAlreadyExists', `The DB subnet group '${name}' already exists.`)
      if (records.subnetGroups.in(caller.region).length >= quotas.subnetGroups) throw new AwsError('DBSubnetGroupQuotaExceeded', 'The request would result in the user exceeding the allowed number of DB subnet groups.')
      records.subnetGroups.put(group)
      return { DBSubnetGroup: group.facts }
    },

    DescribeDBSubnetGroups: async (input, caller) => {
      const { page, Marker } = pageOf(filterBy(records.subnetGroups.list(input.DBSubnetGroupName, caller), input.Filters, {}), input)
      return { DBSubnetGroups: page.map(({ facts }) => facts), Marker }
    },

    ModifyDBSubnetGroup: async (input, caller) => {
      const group = context.records.subnetGroups.require(input.DBSubnetGroupName, caller)
      const { DBSubnetGroupDescription = group.facts.DBSubnetGroupDescription } = input
      const facts = { ...group.facts, Subnets: readSubnets(input.SubnetIds, caller), DBSubnetGroupDescription }
      records.subnetGroups.put({ ...group, facts })
      return { DBSubnetGroup: facts }
    },

    DeleteDBSubnetGroup: async (input, caller) => {
      const group = context.records.subnetGroups.require(input.DBSubnetGroupName, caller)
      const name = group.facts.DBSubnetGroupName
      const user = records.clusters.in(caller.region).find(({ facts }) => facts.DBSubnetGroup === name)
      if (user) throw new AwsError('InvalidDBSubnetGroupStateFault', `Cannot delete the subnet group '${name}' because at least one database cluster: ${user.facts.DBClusterIdentifier} is still using it.`)
      records.subnetGroups.delete(group)
      return {}
    }
  } satisfies Partial<OperationsOf<typeof Rds>>
}

/** The group as an instance shows it; `default` is one that nobody made. */
export function showSubnetGroup (records: Pick<Records, 'subnetGroups'>, region: string, name: string): Rds.DBSubnetGroup {
  return records.subnetGroups.get(region, name)?.facts ?? {
    DBSubnetGroupName: name,
    DBSubnetGroupDescription: name,
    VpcId: standInId('vpc', region),
    SubnetGroupStatus: 'Complete',
    Subnets: zonesOf(region).map(zone => subnetIn(standInId('subnet', zone), zone))
  }
}

/** Subnets are in no network here: they are taken to lie in one zone after the other. */
function readSubnets (ids: readonly string[] | undefined, caller: Caller): Rds.Subnet[] {
  const zones = zonesOf(caller.region)
  const distinct = [...new Set(ids ?? [])]
  if (distinct.length === 0) throw new AwsError('InvalidSubnet', 'Subnet IDs are required.')
  const bad = distinct.find(id => !/^subnet-[0-9a-zA-Z]+$/.test(id))
  if (bad !== undefined) throw new AwsError('InvalidSubnet', `Subnet ID '${bad}' is invalid.`)
  if (distinct.length < 2) {
    throw new AwsError('DBSubnetGroupDoesNotCoverEnoughAZs', `The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: ${zones[0]}. Add subnets to cover at least 2 AZs.`)
  }
  return distinct.map((id, index) => subnetIn(id, zones[index % zones.length] ?? ''))
}

function subnetIn (id: string, zone: string): Rds.Subnet {
  return { SubnetIdentifier: id, SubnetAvailabilityZone: { Name: zone }, SubnetOutpost: {}, SubnetStatus: 'Active' }
}
