import type { GetSecretValueCommandInput, GetSecretValueCommandOutput } from '@aws-sdk/client-secrets-manager'
import { AwsError, type Caller, type Operation } from '../aws.js'

/** What the Data API needs of Secrets Manager. */
export interface Secrets {
  operations: { GetSecretValue: Operation<GetSecretValueCommandInput, Omit<GetSecretValueCommandOutput, '$metadata'>> }
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
