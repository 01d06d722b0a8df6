import { AwsFailure } from '../../aws/errors.js'
import type { Identity } from '../../aws/identity.js'
import type { Stack, Stacks } from '../../aws/stacks.js'
import { Problem } from '../../problems.js'

export interface EnabledRegionOptions {
  stacks: Pick<Stacks, 'describe'>
  identity: Pick<Identity, 'isKnown'>
}

/** How AWS says that it does not know the credentials. In a region that the account has not enabled, it says so to everybody. */
const unknownCredentials = new Set(['InvalidClientTokenId', 'UnrecognizedClientException', 'OptInRequired'])

/**
 * Asks AWS for a stack of a region that may not be enabled for the account (Account Management, "Enable or disable AWS Regions"):
 * throws a {@link Problem} with that as a finding where the same credentials are good elsewhere. Where they are good nowhere, it is
 * they that are wrong, which is no caller's mistake.
 */
export function describeWhereEnabled ({ stacks, identity }: EnabledRegionOptions): Stacks['describe'] {
  /** Where AWS does not say, it is not the caller who is told to mend something. */
  const areGoodElsewhere = async (region: string): Promise<boolean> => {
    try {
      return await identity.isKnown(region)
    } catch (error) {
      if (error instanceof AwsFailure) return false
      throw error
    }
  }

  return async (region: string, nameOrId: string): Promise<Stack | null> => {
    try {
      return await stacks.describe(region, nameOrId)
    } catch (error) {
      const isUnknown = error instanceof AwsFailure && unknownCredentials.has(error.code)
      if (!isUnknown || !await areGoodElsewhere(region)) throw error
      const message = 'is not enabled in the AWS account of this service: have it enabled there, or choose another'
      throw new Problem('preflight-failed', `region ${message}.`, { errors: [{ path: '/region', message }], cause: error })
    }
  }
}
