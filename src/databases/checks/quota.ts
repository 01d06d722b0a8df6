import type { Account } from '../../aws/account.js'
import { resourcesOf } from '../../templates/conditions.js'
import type { Check } from '../creation/preflight.js'

/** What RDS counts, by the type of resource that uses it up: AWS's names of the quota, and what people call it. */
const counted = [
  { type: 'AWS::RDS::DBCluster', quota: 'DBClusters', what: 'clusters' },
  { type: 'AWS::RDS::DBInstance', quota: 'DBInstances', what: 'instances' }
] as const

/** The account has room in the region for the clusters and instances that the template makes. */
export function createQuotaCheck (account: Pick<Account, 'quotas'>): Check {
  return {
    path: '/region',
    find: async (_principal, { key: { region }, template, launch, replacesRemainder }) => {
      if (replacesRemainder) return []
      const resources = resourcesOf(template, launch.parameters)
      const quotas = await account.quotas(region)
      return counted.flatMap(({ type, quota, what }) => {
        const needed = resources.filter(resource => resource.type === type).length
        const { used, max } = quotas.get(quota) ?? { used: 0, max: Infinity }
        if (needed === 0 || used + needed <= max) return []
        return [{ path: '/region', message: `The account may have ${max} database ${what} in ${region} and has ${used}: delete some, have AWS raise the quota, or take another region.` }]
      })
    }
  }
}
