import type * as Rds from '@aws-sdk/client-rds'
import { AwsError, type OperationsOf } from '../aws.js'
import type { RdsContext } from './context.js'
import { invalidValue, zonesOf } from './names.js'
import { listed, select } from './paging.js'
import { newSubnetGroup, subnetsIn } from './records.js'
import { addTags } from './tags.js'

const NAME = /^[A-Za-z0-9._ -]{1,255}$/

/** Subnet groups are names only: every cluster of the sandbox can be reached from this machine and no other. */
export function createSubnetGroupOperations ({ records: { clusters, subnetGroups: groups } }: Pick<RdsContext, 'records'>) {
  return {
    CreateDBSubnetGroup: async (input, { region }) => {
      const name = (input.DBSubnetGroupName ?? '').toLowerCase()
      if (!NAME.test(name) || name === 'default') throw invalidValue(`The parameter DBSubnetGroupName is not a valid identifier: ${name}`)
      if (!input.DBSubnetGroupDescription) throw invalidValue('The parameter DBSubnetGroupDescription must be provided and must not be blank.')
      const tags = addTags([], input.Tags)
      const group = newSubnetGroup(region, name, input.DBSubnetGroupDescription, requireSubnets(input.SubnetIds, region), tags)
      groups.requireRoom(name, region)
      groups.put(group)
      return { DBSubnetGroup: group.facts }
    },

    DescribeDBSubnetGroups: async (input, { region }) =>
      listed('DBSubnetGroups', select(groups, input.DBSubnetGroupName, input, {}, region), ({ facts }) => facts),

    ModifyDBSubnetGroup: async (input, { region }) => {
      const group = groups.require(input.DBSubnetGroupName, region)
      const { DBSubnetGroupDescription = group.facts.DBSubnetGroupDescription } = input
      const Subnets = subnetsIn(region, requireSubnets(input.SubnetIds, region))
      const { facts } = groups.change(group, { Subnets, DBSubnetGroupDescription })
      return { DBSubnetGroup: facts }
    },

    DeleteDBSubnetGroup: async (input, { region }) => {
      const group = groups.require(input.DBSubnetGroupName, region)
      const name = group.facts.DBSubnetGroupName
      const user = clusters.in(region).find(({ facts }) => facts.DBSubnetGroup === name)
      if (user) throw new AwsError('InvalidDBSubnetGroupStateFault', `Cannot delete the subnet group '${name}' because at least one database cluster: ${user.facts.DBClusterIdentifier} is still using it.`)
      groups.delete(group)
      return {}
    }
  } satisfies Partial<OperationsOf<typeof Rds>>
}

/** Each of them once. Throws AWS's refusal of none, of malformed ones, and of too few zones. */
function requireSubnets (ids: readonly string[] = [], region: string): string[] {
  const distinct = [...new Set(ids)]
  if (distinct.length === 0) throw new AwsError('InvalidSubnet', 'Subnet IDs are required.')
  const bad = distinct.find(id => !/^subnet-[0-9a-zA-Z]+$/.test(id))
  if (bad !== undefined) throw new AwsError('InvalidSubnet', `Subnet ID '${bad}' is invalid.`)
  if (distinct.length < 2) {
    throw new AwsError('DBSubnetGroupDoesNotCoverEnoughAZs', `The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: ${zonesOf(region)[0]}. Add subnets to cover at least 2 AZs.`)
  }
  return distinct
}
