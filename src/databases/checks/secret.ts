import type { Principal } from '../../access/keys.js'
import { AwsFailure, type FailureKind } from '../../aws/errors.js'
import type { Secrets } from '../../aws/secrets.js'
import type { Finding } from '../../problems.js'
import type { Check, Launching } from '../creation/preflight.js'
import { TAG_PREFIX } from '../tags.js'

/**
 * AWS's rules for the master user of Aurora PostgreSQL. Its documentation says 16 letters and digits (RDS API, CreateDBCluster), which is what fits
 * every engine: PostgreSQL on RDS was seen to take 63 and underscores (floci#3729, tried on an account in 2026), as CloudFormation's schema does.
 * What may work is no finding.
 */
const usernamePattern = /^[a-zA-Z][a-zA-Z0-9_]{0,62}$/
const reservedUsernames = /^(admin|rdsadmin|rds_superuser|rdsrepladmin|user|pg_.*)$/i
const passwordPattern = /^[!-~]{8,99}$/
const forbiddenInPasswords = /[/"@ ]/

/**
 * The secret of the master user: it is there, can be read, and has what Aurora takes. Required, because it is what keeps a key
 * that is bound to a client from using another client's secret.
 */
export function createSecretCheck (secrets: Pick<Secrets, 'describe' | 'readCredentials'>): Check {
  return {
    path: '/parameters/DBMaster',
    isRequired: true,
    find: async (principal, launching) => {
      const { DBMaster: name } = launching.values
      if (typeof name === 'string' && name !== '') return await checkSecret(secrets, principal, launching, name)
      return name === '' ? checkUsername(launching, GENERATED_USERNAME, 'The secret that the stack would make') : []
    }
  }
}

/** The master user of the secrets that the templates make. */
const GENERATED_USERNAME = 'postgres'

/** The master user comes with the data of a source, so the secret has to be for the same one. */
function checkUsername ({ origin }: Launching, username: string, secret: string): Finding[] {
  if (!origin || origin.masterUsername === username) return []
  return [{ path: '/parameters/DBMaster', message: `${secret} is for ${username}, but the master user of the source is ${origin.masterUsername}: name a secret for that user.` }]
}

async function checkSecret (
  secrets: Pick<Secrets, 'describe' | 'readCredentials'>, principal: Principal, launching: Launching, name: string
): Promise<Finding[]> {
  const { region } = launching.key
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
  const wrong = checkCredentials(name, credentials).flatMap(finding)
  return wrong.length > 0 ? wrong : checkUsername(launching, credentials.username, `The secret ${name}`)
}

/** Kinds of failure that say something of the secret and not of AWS: it is gone, or this service may not read it. */
const unreadable: ReadonlySet<FailureKind> = new Set(['refused', 'denied', 'not-found'])

async function readIfReadable (
  secrets: Pick<Secrets, 'readCredentials'>, region: string, name: string
): ReturnType<Secrets['readCredentials']> {
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
  else if (reservedUsernames.test(username)) wrong.push(`The "username" in the secret ${name} is reserved by Aurora PostgreSQL: it must not be admin, rdsadmin, rds_superuser, rdsrepladmin, user, or start with pg_.`)
  if (!passwordPattern.test(password) || forbiddenInPasswords.test(password)) wrong.push(`The "password" in the secret ${name} must have 8 to 99 printable ASCII characters, none of them a slash, a double quote, an at sign or a space.`)
  return wrong
}
