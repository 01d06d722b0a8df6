import type { CreateDBClusterMessage, ScalingConfiguration, ScalingConfigurationInfo, ServerlessV2ScalingConfiguration, ServerlessV2ScalingConfigurationInfo } from '@aws-sdk/client-rds'
import type { EngineVersion } from './engine-versions.js'
import { invalidCombination, invalidValue } from './names.js'

const RESERVED_USERNAMES: ReadonlySet<string> = new Set(['admin', 'rdsadmin', 'user', 'rds_superuser', 'rdsrepladmin'])
/** `postgres` is none of them: it is always there, and templates in use ask for it (mats16/supabase-on-aws, aws/copilot-cli). */
const RESERVED_DATABASES: ReadonlySet<string> = new Set(['rdsadmin', 'template0', 'template1', 'db'])
/** What of its logs a cluster can write to CloudWatch Logs. */
export const LOG_TYPES: readonly string[] = ['iam-db-auth-error', 'instance', 'postgresql']
const V1_CAPACITIES: readonly number[] = [2, 4, 8, 16, 32, 64, 192, 384]
const PAUSE_SECONDS = { least: 300, most: 86_400 }

type ManagedPassword = Pick<CreateDBClusterMessage, 'ManageMasterUserPassword' | 'MasterUserSecretKmsKeyId'>

/** Throws AWS's refusal of what cannot be asked for of a password that RDS manages (terraform-aws-rds-aurora#370, terraform-provider-aws#41795). */
export function refuseManaged (input: ManagedPassword, mode: string): void {
  const { ManageMasterUserPassword: isManaged, MasterUserSecretKmsKeyId: key } = input
  if (isManaged && mode === 'serverless') throw invalidValue('The parameter ManageMasterUserPassword is not valid for engine mode: serverless.')
  if (key && isManaged === undefined) throw invalidCombination('A ManageMasterUserPassword value is required when MasterUserSecretKmsKeyId is specified.')
}

/** Throws AWS's refusal of a master user's name (API reference of CreateDBCluster, and what live accounts answer). */
export function requireUsername (name: string | undefined): string {
  if (!name) throw invalidValue('The parameter MasterUsername must be provided and must not be blank.')
  if (!/^[a-zA-Z][a-zA-Z0-9_]{0,62}$/.test(name)) {
    throw invalidValue('MasterUsername must begin with a letter and contain only alphanumeric characters or underscores.')
  }
  if (name.toLowerCase().startsWith('pg_')) {
    throw invalidValue(`MasterUsername ${name} cannot be used because role names starting with "pg_" are reserved by the PostgreSQL engine`)
  }
  if (RESERVED_USERNAMES.has(name.toLowerCase())) throw invalidValue(`MasterUsername ${name} cannot be used as it is a reserved word used by the engine`)
  return name
}

/** Throws AWS's refusal of a master password. Its text never has the password. */
export function requirePassword (password: string | undefined): string {
  if (!password) throw invalidValue('The parameter MasterUserPassword must be provided and must not be blank.')
  if (password.length < 8) throw invalidValue('The parameter MasterUserPassword is not a valid password because it is shorter than 8 characters.')
  if (password.length > 99) throw invalidValue('The parameter MasterUserPassword is not a valid password because it is longer than 99 characters.')
  if (!/^[!-~]+$/.test(password) || /[/@"]/.test(password)) {
    throw invalidValue('The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides \'/\', \'@\', \'"\', \' \' may be used.')
  }
  return password
}

/** Throws AWS's refusal of a database name. */
export function requireDatabaseName (name: string): string {
  if (!/^[a-zA-Z][a-zA-Z0-9_]{0,62}$/.test(name)) throw invalidValue('DatabaseName must begin with a letter and contain only alphanumeric characters.')
  if (RESERVED_DATABASES.has(name.toLowerCase())) throw invalidValue(`DatabaseName ${name} cannot be used. It is a reserved word for this engine`)
  return name
}

/** Throws unless the port is one that a cluster may have. */
export function requirePort (port: number): number {
  if (port < 1150 || port > 65535) throw invalidValue(`Invalid endpoint port ${port}. Valid range is: 1150-65535`)
  return port
}

/** Throws unless the days are between 1 and 35. */
export function requireRetention (days: number): number {
  if (days < 1 || days > 35) throw invalidValue(`Invalid backup retention period: ${days}. Retention period must be between 1 and 35.`)
  return days
}

/** Throws unless those logs are ones that Aurora PostgreSQL has. */
export function requireLogTypes (names: string[], version: string): string[] {
  const unknown = names.filter(name => !LOG_TYPES.includes(name))
  if (unknown.length === 0) return names
  throw invalidCombination(`You cannot use the log types '${unknown.join('\', \'')}' with engine version aurora-postgresql ${version}. For supported log types, see the documentation.`)
}

/** The capacity of a Serverless v2 cluster after a request; throws AWS's refusals. */
export function readCapacity (
  wanted: ServerlessV2ScalingConfiguration, before: ServerlessV2ScalingConfigurationInfo | undefined, version: EngineVersion
): ServerlessV2ScalingConfigurationInfo {
  const minimum = wanted.MinCapacity ?? before?.MinCapacity
  const maximum = wanted.MaxCapacity ?? before?.MaxCapacity
  if (minimum === undefined || maximum === undefined) {
    throw invalidValue('Both MinCapacity and MaxCapacity must be specified when you initialize Serverless v2 scaling configuration.')
  }
  const range = version.serverlessV2
  if (!range) throw invalidCombination(`Serverless v2 isn't supported for aurora-postgresql ${version.version}.`)
  if (maximum < 1) throw invalidValue(`Serverless v2 maximum capacity ${decimal(maximum)} isn't valid. The maximum capacity must be at least 1.0.`)
  if (minimum < range.minimum) throw invalidValue(`Serverless v2 minimum capacity ${decimal(minimum)} isn't valid. The minimum capacity must be at least ${decimal(range.minimum)}.`)
  if (maximum > range.maximum) throw invalidValue(`Serverless v2 maximum capacity ${decimal(maximum)} isn't valid. The maximum capacity must be at most ${decimal(range.maximum)}.`)
  if (minimum > maximum) throw invalidValue(`Serverless v2 minimum capacity ${decimal(minimum)} must be less than or equal to the maximum capacity ${decimal(maximum)}.`)
  for (const capacity of [minimum, maximum]) {
    if (capacity * 2 % 1 !== 0) throw invalidValue(`Serverless v2 capacity value ${capacity} is not valid. It must be a multiple of 0.5.`)
  }
  if (minimum > 0) {
    if (wanted.SecondsUntilAutoPause !== undefined) throw invalidValue('SecondsUntilAutoPause can only be specified when minimum capacity is 0.')
    return { MinCapacity: minimum, MaxCapacity: maximum }
  }
  const seconds = wanted.SecondsUntilAutoPause ?? before?.SecondsUntilAutoPause ?? PAUSE_SECONDS.least
  requirePauseSeconds(seconds)
  return { MinCapacity: minimum, MaxCapacity: maximum, SecondsUntilAutoPause: seconds }
}

const USUAL_SCALING = {
  MinCapacity: 2, MaxCapacity: 16, AutoPause: true, SecondsUntilAutoPause: 300, TimeoutAction: 'RollbackCapacityChange', SecondsBeforeTimeout: 300
}

/** The scaling of a Serverless v1 cluster after a request; throws AWS's refusals. */
export function readScaling (wanted: ScalingConfiguration, before: ScalingConfigurationInfo | undefined): ScalingConfigurationInfo {
  const scaling = { ...USUAL_SCALING, ...before, ...wanted } as typeof USUAL_SCALING
  for (const capacity of [scaling.MinCapacity, scaling.MaxCapacity]) {
    if (!V1_CAPACITIES.includes(capacity)) throw invalidValue(`Invalid scaling capacity ${capacity}. Valid capacity values are ${V1_CAPACITIES.join(', ')}.`)
  }
  if (scaling.MinCapacity > scaling.MaxCapacity) throw invalidValue(`Invalid scaling configuration: MinCapacity ${scaling.MinCapacity} is greater than MaxCapacity ${scaling.MaxCapacity}.`)
  requirePauseSeconds(scaling.SecondsUntilAutoPause)
  return scaling
}

function requirePauseSeconds (seconds: number): void {
  const { least, most } = PAUSE_SECONDS
  if (seconds < least || seconds > most) throw invalidValue(`SecondsUntilAutoPause ${seconds} isn't valid. Specify a value between ${least} and ${most}.`)
}

function decimal (capacity: number): string {
  return Number.isInteger(capacity) ? capacity.toFixed(1) : String(capacity)
}
