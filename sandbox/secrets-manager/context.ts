import type { Clock } from '../clock.js'
import type { SecretRecords } from './records.js'
import type { Rotation } from './rotation.js'

/** What the operations work with. */
export interface SecretsContext {
  records: SecretRecords
  rotation: Pick<Rotation, 'rotate' | 'schedule'>
  clock: Pick<Clock, 'now'>
  /** A whole number from 0 to below `limit`. */
  randomBelow: (limit: number) => number
}
