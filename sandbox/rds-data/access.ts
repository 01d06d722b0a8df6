import type * as SecretsManager from '@aws-sdk/client-secrets-manager'
import type { Logger } from 'pino'
import { AwsError, type Caller, type OperationsOf } from '../aws.js'
import type { DatabaseAccess, Databases } from '../rds/databases.js'

/**
 * The cluster that a call may use now. Otherwise throws what AWS answers: `HttpEndpointNotEnabledException` also for an
 * ARN that it does not know, `DatabaseNotFoundException` without a writer, and `DatabaseResumingException` for a paused
 * cluster, which the call wakes.
 */
export function reachDatabase (rds: Databases, resourceArn: string, caller: Caller, log: Pick<Logger, 'warn'>): DatabaseAccess {
  const access = rds.databaseOf(resourceArn, caller)
  if (!access?.httpEndpointEnabled) {
    throw new AwsError('HttpEndpointNotEnabledException', `HttpEndpoint is not enabled for resource ${resourceArn}`)
  }
  if (!access.writer) throw new AwsError('DatabaseNotFoundException', 'The DB cluster doesn\'t have a DB instance.')
  if (access.state === 'unavailable') {
    throw new AwsError('InvalidResourceStateException', `The DB cluster is in the ${access.status} state and cannot be used.`)
  }
  if (access.state === 'available') return access
  access.wake().catch((error: unknown) => { log.warn({ err: error, resourceArn }, 'a paused cluster did not start') })
  throw new AwsError('DatabaseResumingException',
    `The Aurora DB instance ${access.writer.arn}|${access.writer.resourceId} is resuming after being auto-paused. Please wait a few seconds and try again.`)
}

/** What the Data API needs of Secrets Manager. */
export interface Secrets {
  operations: OperationsOf<typeof SecretsManager, 'GetSecretValue'>
}

export interface Credentials {
  username: string
  password: string
  /** Changes with the secret's value, so that a session opened with the old one is not used for the new one. */
  secretVersion: string
}

/**
 * The user and password in a secret. Throws `SecretsErrorException` when there is no such secret to read, and
 * `InvalidSecretException` when it is not JSON with `username` and `password`.
 */
export async function readCredentials (secrets: Secrets, secretArn: string, caller: Caller): Promise<Credentials> {
  const secret = await secrets.operations.GetSecretValue({ SecretId: secretArn }, caller).catch((error: unknown) => {
    throw error instanceof AwsError ? new AwsError('SecretsErrorException', error.message) : error
  })
  const { username, password } = parseJson(secret.SecretString)
  if (typeof username !== 'string' || typeof password !== 'string') {
    throw new AwsError('InvalidSecretException', 'The secret must be JSON with the keys username and password.')
  }
  return { username, password, secretVersion: `${secret.ARN}:${secret.VersionId}` }
}

function parseJson (text = ''): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
