import type { Account, OfferedVersion, Quota } from '../../src/aws/account.js'

/** An account with room that offers what the templates take by default; what a test changes in it is what is answered. */
export interface MemoryAccount extends Account {
  calls: string[]
  versions: OfferedVersion[]
  /** What each version can be upgraded to, also of one that is not offered. */
  upgrades: Map<string, string[]>
  exports: Set<string>
  limits: Map<string, Quota>
  refusal: string | null
}

const offered = (version: string, minAcu: number, maxAcu: number, modes = ['provisioned']): OfferedVersion => ({ version, modes, serverlessV2: { minAcu, maxAcu } })

export function createMemoryAccount (): MemoryAccount {
  const account: MemoryAccount = {
    calls: [],
    versions: [offered('13.9', 0.5, 128, ['provisioned', 'serverless']), offered('13.12', 0.5, 128), offered('16.8', 0, 256), offered('17.7', 0, 256)],
    upgrades: new Map(),
    exports: new Set(),
    limits: new Map([['DBClusters', { used: 0, max: 40 }], ['DBInstances', { used: 0, max: 40 }]]),
    refusal: null,
    offeredVersions: async region => {
      account.calls.push(`offeredVersions ${region}`)
      return account.versions
    },
    upgradesOf: async (region, version) => {
      account.calls.push(`upgradesOf ${region} ${version}`)
      return account.upgrades.get(version) ?? null
    },
    missingExports: async (region, names) => {
      account.calls.push(`missingExports ${region} ${names.join(' ')}`)
      return names.filter(name => !account.exports.has(name))
    },
    quotas: async region => {
      account.calls.push(`quotas ${region}`)
      return account.limits
    },
    refusalOf: async region => {
      account.calls.push(`refusalOf ${region}`)
      return account.refusal
    }
  }
  return account
}
