import type { Principal } from '../access/keys.js'
import { sees } from '../access/tenancy.js'
import { AwsFailure } from '../aws/errors.js'
import type { Stack } from '../aws/stacks.js'
import type { ProblemCode } from '../problems.js'
import type { RegionStatus } from '../watching/region-stacks.js'
import type { StackIndex } from '../watching/stack-index.js'
import { readOwnTags } from './tags.js'

/**
 * How a region answered. One that failed, or was not read for long, is `stale`: it is shown as it was at `asOf`. Nothing is known of
 * one that is `unavailable`.
 */
export interface RegionAnswer {
  region: string
  status: RegionStatus
  asOf: Date | null
  problem: ProblemCode | null
  /** In a list of what was deleted: how many deleted stacks were not looked at yet. */
  unread?: number
}

/** A region that may be chosen, as it was at `asOf`. `databases` is null when nothing is known of it. */
export interface RegionFacts extends RegionAnswer { dataApi: boolean, databases: number | null }

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
    await Promise.all(regions.filter(principal.mayEnter).map(async region => {
      const { answer, stacks } = await readRegion(index, region, false)
      const databases = answer.asOf && stacks.filter(stack => isSeen(principal, stack)).length
      return { ...answer, dataApi: hasDataApi(region), databases }
    }))
}

/** The stacks of a region as far as they are known, and how it answered. */
export async function readRegion (
  index: Pick<StackIndex, 'read'>, region: string, fresh: boolean
): Promise<{ answer: RegionAnswer, stacks: readonly Stack[] }> {
  try {
    const { stacks, asOf, status, failure } = await index.read(region, fresh)
    return { stacks, answer: { region, status, asOf, problem: failure && problemOf(failure) } }
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error
    return { stacks: [], answer: { region, status: 'unavailable', asOf: null, problem: problemOf(error) } }
  }
}

/** How a failure of AWS is told of a region. */
export function problemOf ({ kind }: AwsFailure): ProblemCode {
  if (kind === 'throttled') return 'aws-throttled'
  return kind === 'unavailable' ? 'aws-unavailable' : 'aws-refused'
}

function isSeen (principal: Principal, stack: Stack): boolean {
  const own = readOwnTags(stack)
  return own !== null && sees(principal, { client: own.client, region: stack.region })
}
