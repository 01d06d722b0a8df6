import type { GetCallerIdentityRequest, GetCallerIdentityResponse } from '@aws-sdk/client-sts'
import type { Operation } from '../aws.js'

export interface Sts {
  operations: { GetCallerIdentity: Operation<GetCallerIdentityRequest, GetCallerIdentityResponse> }
}

/** AWS STS, as far as tools ask it who they are: everybody is the root of the one account. */
export function createSts (): Sts {
  return {
    operations: {
      GetCallerIdentity: async (_request, { account }) => ({
        Account: account,
        Arn: `arn:aws:iam::${account}:root`,
        UserId: account
      })
    }
  }
}
