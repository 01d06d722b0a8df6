import type * as Sdk from '@aws-sdk/client-sts'
import type { OperationsOf } from '../aws.js'

/** AWS STS, as far as tools ask it who they are: everybody is the root of the one account. */
export const stsOperations: OperationsOf<typeof Sdk, 'GetCallerIdentity'> = {
  GetCallerIdentity: async (_request, { account }) => ({ Account: account, Arn: `arn:aws:iam::${account}:root`, UserId: account })
}
