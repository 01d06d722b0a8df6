import type { Principal } from '../access/keys.js'
import { sees } from '../access/tenancy.js'
import { AwsFailure } from '../aws/errors.js'
import type { Stack } from '../aws/stacks.js'
import type { StackIndex } from '../watching/stack-index.js'
import { readOwnTags } from './tags.js'

/** A region that may be chosen. `databases` is null when it does not answer. */
export interface RegionFacts { region: string, dataApi: boolean, databases: number | null, asOf: Date | null }

/**
 * Regions without the Data API for Aurora PostgreSQL ("Supported Regions and Aurora DB engines for RDS Data API", Amazon
 * Aurora User Guide, 2026). New regions are more likely to have it than not.
 */
const withoutDataApi: ReadonlySet<string> = new Set([
  'ap-south-2', 'ap-southeast-4', 'ap-southeast-6', 'ap-east-2', 'ca-west-1', 'eu-central-2', 'il-central-1', 'mx-central-1',
  'cn-north-1', 'cn-northwest-1', 'us-gov-east-1', 'us-gov-west-1'
])

export function hasDataApi (region: string): boolean {
  return !withoutDataApi.has(region)
}

/** Counts the databases that a key sees, in each of its regions. */
export function createCountPerRegion (index: Pick<StackIndex, 'read'>, regions: readonly string[]) {
  return async (principal: Principal): Promise<RegionFacts[]> =>
    await Promise.all(regions.filter(principal.mayEnter).map(async region => await countIn(index, principal, region)))
}

async function countIn (index: Pick<StackIndex, 'read'>, principal: Principal, region: string): Promise<RegionFacts> {
  try {
    const { stacks, asOf } = await index.read(region, false)
    return { region, dataApi: hasDataApi(region), databases: stacks.filter(stack => isSeen(principal, stack)).length, asOf }
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error
    return { region, dataApi: hasDataApi(region), databases: null, asOf: null }
  }
}

function isSeen (principal: Principal, stack: Stack): boolean {
  const own = readOwnTags(stack)
  return own !== null && sees(principal, { client: own.client, region: stack.region })
}
