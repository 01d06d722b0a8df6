import type { SecretsContext } from './contract.js'
import type { SecretRecord } from './records.js'

/** Saves a changed secret, with the time of its change. */
export function changeSecret ({ records, clock }: Pick<SecretsContext, 'records' | 'clock'>, secret: SecretRecord, changes: Partial<SecretRecord>): SecretRecord {
  const changed = { ...secret, ...changes, changedAt: clock.now() }
  records.save(changed)
  return changed
}
