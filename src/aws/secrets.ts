import { DescribeSecretCommand, GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager'

import { AwsFailure, callAws } from './errors.js'

/** What may be known of a secret without reading it. */
export interface SecretFacts {
  arn: string
  name: string
  tags: Readonly<Record<string, string>>
  /** Set while the secret waits for its deletion; it cannot be read then. */
  deletedAt: Date | null
}

export interface Credentials { username: string, password: string }

export type Secrets = ReturnType<typeof createSecrets>

/** Secrets Manager, as far as databases need it. Every function throws {@link AwsFailure}. */
export function createSecrets (clientFor: (region: string) => SecretsManagerClient) {
  /** A secret by name or ARN, null when there is none. */
  const describe = async (region: string, nameOrArn: string): Promise<SecretFacts | null> => {
    try {
      const found = await callAws(() => clientFor(region).send(new DescribeSecretCommand({ SecretId: nameOrArn })))
      return {
        arn: found.ARN ?? '',
        name: found.Name ?? '',
        tags: Object.fromEntries((found.Tags ?? []).map(t => [t.Key ?? '', t.Value ?? ''])),
        deletedAt: found.DeletedDate ?? null
      }
    } catch (error) {
      if (error instanceof AwsFailure && error.kind === 'not-found') return null
      throw error
    }
  }

  /** The credentials in a secret; null when it is not a JSON object with texts `username` and `password`. */
  const readCredentials = async (region: string, nameOrArn: string): Promise<Credentials | null> => {
    const { SecretString } = await callAws(() => clientFor(region).send(new GetSecretValueCommand({ SecretId: nameOrArn })))
    return parseCredentials(SecretString)
  }

  return { describe, readCredentials }
}

function parseCredentials (text: string | undefined): Credentials | null {
  try {
    const { username, password } = JSON.parse(text ?? '') as Partial<Record<keyof Credentials, unknown>>
    if (typeof username !== 'string' || typeof password !== 'string' || !username || !password) return null
    return { username, password }
  } catch {
    return null
  }
}
