import { GetCallerIdentityCommand, type STSClient } from '@aws-sdk/client-sts'

import { AwsFailure, callAws } from './errors.js'

export type Identity = ReturnType<typeof createIdentity>

/** AWS STS, as far as it tells whose credentials these are. */
export function createIdentity (clientFor: (region: string) => STSClient) {
  /**
   * Whether AWS knows the credentials of this service, asked where no account can do without. It takes no permission (STS API, GetCallerIdentity).
   * Throws an {@link AwsFailure} when AWS does not say.
   */
  const isKnown = async (region: string): Promise<boolean> => {
    try {
      await callAws(() => clientFor(homeOf(region)).send(new GetCallerIdentityCommand({})))
      return true
    } catch (error) {
      if (error instanceof AwsFailure && error.kind === 'denied') return false
      throw error
    }
  }

  return { isKnown }
}

/** A region of the same partition that is enabled in every account (Account Management, "Enable or disable AWS Regions"; AWS's partitions). */
function homeOf (region: string): string {
  if (region.startsWith('cn-')) return 'cn-north-1'
  return region.startsWith('us-gov-') ? 'us-gov-west-1' : 'us-east-1'
}
