import type { DeleteSecretRequest, DeleteSecretResponse } from '@aws-sdk/client-secrets-manager'
import { AwsError, type Caller } from '../aws.js'
import type { SecretsContext } from './contract.js'
import { nameOf } from './describe.js'
import { arnPrefix } from './records.js'
import { checkLengths, invalidParameter } from './validation.js'

const DAY_MS = 86_400_000
const DEFAULT_WINDOW_DAYS = 30

/** Schedules a deletion, or deletes at once when forced to, which does not mind that there is no such secret. */
export function deleteSecret (request: DeleteSecretRequest, { region }: Caller, { records, clock }: Pick<SecretsContext, 'records' | 'clock'>): DeleteSecretResponse {
  checkLengths(request)
  const { SecretId = '', RecoveryWindowInDays: days, ForceDeleteWithoutRecovery: forced } = request
  if (forced && days !== undefined) throw invalidParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
  if (days !== undefined && (days < 7 || days > 30)) throw invalidParameter('The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).')
  if (forced) return deleteNow(SecretId, region, { records, clock })

  const secret = records.findUsable(SecretId, region)
  const now = clock.now()
  const purgedAt = now + (days ?? DEFAULT_WINDOW_DAYS) * DAY_MS
  records.save({ ...secret, deletedAt: now, purgedAt })
  return { ...nameOf(secret), DeletionDate: new Date(purgedAt) }
}

function deleteNow (secretId: string, region: string, { records, clock }: Pick<SecretsContext, 'records' | 'clock'>): DeleteSecretResponse {
  const DeletionDate = new Date(clock.now())
  try {
    const secret = records.find(secretId, region)
    records.remove(secret)
    return { ...nameOf(secret), DeletionDate }
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    const prefix = arnPrefix(region)
    const ARN = secretId.startsWith('arn:') ? secretId : `${prefix}${secretId}`
    return { ARN, Name: ARN.replace(prefix, ''), DeletionDate }
  }
}
