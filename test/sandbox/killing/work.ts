import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { RDSClient } from '@aws-sdk/client-rds'
import { RDSDataClient } from '@aws-sdk/client-rds-data'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'

export interface Clients {
  stacks: CloudFormationClient
  rds: RDSClient
  dataApi: RDSDataClient
  secrets: SecretsManagerClient
}

/** Something that somebody does with the sandbox, who remembers what was acknowledged. */
export interface Work {
  /** Does one thing. Rejects when the sandbox dies meanwhile; what was not acknowledged may then have happened or not. */
  step: (clients: Clients) => Promise<void>
  /** Holds what is there against what was acknowledged, and takes it for the truth from then on. Returns what is wrong. */
  verify: (clients: Clients) => Promise<string[]>
}

/** Clients that try everything once. */
export function clientsOf (endpoint: string): Clients {
  const config = { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'any', secretAccessKey: 'any' }, maxAttempts: 1 }
  return {
    stacks: new CloudFormationClient(config),
    rds: new RDSClient(config),
    dataApi: new RDSDataClient(config),
    secrets: new SecretsManagerClient(config)
  }
}

/** Whether the sandbox answered with an error, as opposed to not at all. */
export function wasAnswered (error: unknown): boolean {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode !== undefined
}

/** The answer, or undefined where what is asked for does not exist. */
export async function unlessMissing<T> (answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (/does not exist|can't find|not found/i.test((error as Error).message)) return undefined
    throw error
  }
}
