import { paginateListExports, ValidateTemplateCommand, type CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { DescribeAccountAttributesCommand, DescribeDBEngineVersionsCommand, paginateDescribeDBEngineVersions, type RDSClient } from '@aws-sdk/client-rds'

import { AwsFailure, callAws } from './errors.js'

/** A version of Aurora PostgreSQL that a region offers. */
export interface OfferedVersion {
  version: string
  /** Engine modes, such as `provisioned` and `serverless`. */
  modes: readonly string[]
  /** The range of Serverless v2; null where AWS says nothing of it. */
  serverlessV2: { minAcu: number, maxAcu: number } | null
}

/** How much of a quota is used. */
export interface Quota { used: number, max: number }

export type Account = ReturnType<typeof createAccount>

/** What an account has and may have in a region, beyond its stacks. Every function throws {@link AwsFailure}. */
export function createAccount (cloudFormationFor: (region: string) => CloudFormationClient, rdsFor: (region: string) => RDSClient) {
  /** The versions of Aurora PostgreSQL that can be created now. */
  const offeredVersions = async (region: string): Promise<OfferedVersion[]> => await callAws(async () => {
    const versions: OfferedVersion[] = []
    for await (const page of paginateDescribeDBEngineVersions({ client: rdsFor(region) }, { Engine: 'aurora-postgresql' })) {
      for (const offered of page.DBEngineVersions ?? []) {
        const { EngineVersion: version, SupportedEngineModes: modes = [], ServerlessV2FeaturesSupport: range } = offered
        if (!version) continue
        const isKnown = range?.MinCapacity !== undefined && range.MaxCapacity !== undefined
        versions.push({ version, modes, serverlessV2: isKnown ? { minAcu: range.MinCapacity ?? 0, maxAcu: range.MaxCapacity ?? 0 } : null })
      }
    }
    return versions
  })

  /** The versions that a cluster, or a snapshot, of a version can be brought to, also of a version that is not offered any more; null when RDS does not know it. */
  const upgradesOf = async (region: string, version: string): Promise<string[] | null> => {
    const { DBEngineVersions: [found] = [] } = await callAws(() => rdsFor(region).send(
      new DescribeDBEngineVersionsCommand({ Engine: 'aurora-postgresql', EngineVersion: version, IncludeAll: true })))
    return found ? (found.ValidUpgradeTarget ?? []).flatMap(({ EngineVersion }) => EngineVersion ?? []) : null
  }

  /** Those of the names that no stack of the region exports. AWS answers 100 at a time; reading ends once all are found. */
  const missingExports = async (region: string, names: readonly string[]): Promise<string[]> => await callAws(async () => {
    const missing = new Set(names)
    if (missing.size === 0) return []
    for await (const page of paginateListExports({ client: cloudFormationFor(region) }, {})) {
      for (const { Name = '' } of page.Exports ?? []) missing.delete(Name)
      if (missing.size === 0) break
    }
    return [...missing]
  })

  /** The quotas that RDS counts in the region, by AWS's names, such as `DBClusters`. */
  const quotas = async (region: string): Promise<ReadonlyMap<string, Quota>> => {
    const { AccountQuotas = [] } = await callAws(() => rdsFor(region).send(new DescribeAccountAttributesCommand({})))
    return new Map(AccountQuotas.map(({ AccountQuotaName = '', Used = 0, Max = Infinity }) => [AccountQuotaName, { used: Used, max: Max }]))
  }

  /** Why CloudFormation does not take a template, null when it does. It looks at the syntax and the types of resources. */
  const refusalOf = async (region: string, templateBody: string): Promise<string | null> => {
    try {
      await callAws(() => cloudFormationFor(region).send(new ValidateTemplateCommand({ TemplateBody: templateBody })))
      return null
    } catch (error) {
      if (error instanceof AwsFailure && error.kind === 'refused') return error.message
      throw error
    }
  }

  return { offeredVersions, upgradesOf, missingExports, quotas, refusalOf }
}
