import type { Principal } from '../access/keys.js'
import { AwsFailure, type FailureKind } from '../aws/errors.js'
import type { Secrets } from '../aws/secrets.js'
import { Problem, type Finding } from '../problems.js'
import type { LaunchPlan } from './launch.js'
import { TAG_PREFIX } from './tags.js'

/** AWS's rules for the master user of Aurora PostgreSQL (RDS API, CreateDBCluster). */
const usernamePattern = /^[a-zA-Z][a-zA-Z0-9_]{0,62}$/
const reservedUsernames = /^(admin|rdsadmin|user|pg_.*)$/i
const passwordPattern = /^[!-~]{8,99}$/
const forbiddenInPasswords = /[/"@ ]/

/** What of a launch is looked at. */
export type Launching = Pick<LaunchPlan, 'key' | 'values'>

export type Preflight = ReturnType<typeof createPreflight>

/**
 * Looks at what a launch refers to, before anything is spent: CloudFormation would find out only minutes later. Throws a
 * {@link Problem} `preflight-failed` with all findings.
 */
export function createPreflight (secrets: Pick<Secrets, 'describe' | 'readCredentials'>) {
  return async (principal: Principal, plan: Launching): Promise<void> => {
    const secretName = plan.values.DBMaster
    const findings = typeof secretName === 'string' && secretName !== '' ? await checkSecret(secrets, principal, plan, secretName) : []
    if (findings.length === 0) return
    throw new Problem('preflight-failed', findings.map(({ message }) => message).join(' '), { errors: findings })
  }
}

async function checkSecret (secrets: Pick<Secrets, 'describe' | 'readCredentials'>, principal: Principal, plan: Launching, name: string): Promise<Finding[]> {
  const { region } = plan.key
  const finding = (message: string): Finding[] => [{ path: '/parameters/DBMaster', message }]
  const secret = await secrets.describe(region, name)
  // Whether another client's secret exists is none of this key's business: both read the same.
  if (!secret || (principal.client !== null && secret.tags[`${TAG_PREFIX}client`] !== principal.client)) {
    return finding(principal.client === null
      ? `There is no secret ${name} in ${region}. Create it with a "username" and a "password", or leave DBMaster out to have one made.`
      : `There is no secret ${name} in ${region} with the tag ${TAG_PREFIX}client = ${principal.client}. Leave DBMaster out to have one made.`)
  }
  if (secret.deletedAt) return finding(`The secret ${name} is scheduled for deletion. Restore it, or name another one.`)
  const credentials = await readIfReadable(secrets, region, name)
  if (!credentials) return finding(`The secret ${name} has no "username" and "password" that this service can read: it must be a JSON object with both, and the service's role must be allowed to read it.`)
  return checkCredentials(name, credentials).flatMap(finding)
}

/** Kinds of failure that say something of the secret and not of AWS: it is gone, or this service may not read it. */
const unreadable: ReadonlySet<FailureKind> = new Set(['refused', 'denied', 'not-found'])

async function readIfReadable (secrets: Pick<Secrets, 'readCredentials'>, region: string, name: string): ReturnType<Secrets['readCredentials']> {
  try {
    return await secrets.readCredentials(region, name)
  } catch (error) {
    if (error instanceof AwsFailure && unreadable.has(error.kind)) return null
    throw error
  }
}

function checkCredentials (name: string, { username, password }: { username: string, password: string }): string[] {
  const wrong: string[] = []
  if (!usernamePattern.test(username)) wrong.push(`The "username" in the secret ${name} must start with a letter, and have at most 63 letters, digits and underscores.`)
  else if (reservedUsernames.test(username)) wrong.push(`The "username" in the secret ${name} is reserved by Aurora PostgreSQL: it must not be admin, rdsadmin, user, or start with pg_.`)
  if (!passwordPattern.test(password) || forbiddenInPasswords.test(password)) wrong.push(`The "password" in the secret ${name} must have 8 to 99 printable ASCII characters, none of them a slash, a double quote, an at sign or a space.`)
  return wrong
}
