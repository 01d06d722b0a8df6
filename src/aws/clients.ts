import { CloudFormationClient, type CloudFormationClientConfig } from '@aws-sdk/client-cloudformation'
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch'
import { RDSClient } from '@aws-sdk/client-rds'
import { RDSDataClient } from '@aws-sdk/client-rds-data'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { STSClient } from '@aws-sdk/client-sts'

import { createHttpPosts, type HttpPosts } from './http-posts.js'

/** One SDK client per service and region, made on first use and kept for its connections. */
export interface AwsClients {
  cloudFormation: (region: string) => CloudFormationClient
  /** For what nobody waits for: it tries nothing again by itself. */
  cloudFormationInBackground: (region: string) => CloudFormationClient
  cloudWatch: (region: string) => CloudWatchClient
  rds: (region: string) => RDSClient
  /** Knows the way to the Data API; what is sent goes by `dataApiPosts`. */
  dataApi: (region: string) => RDSDataClient
  dataApiPosts: HttpPosts
  secrets: (region: string) => SecretsManagerClient
  sts: (region: string) => STSClient
  /** Closes every connection. */
  destroy: () => void
}

/** What can be said to the clients instead of to the SDK's environment, for several services in one process. */
export type ClientSettings = Pick<CloudFormationClientConfig, 'endpoint' | 'credentials'>

/**
 * The clients on the SDK's ordinary configuration: credentials, endpoint and retry mode come from its own environment
 * variables and files, unless `settings` has them. Every call is bounded, which the SDK's are not by default.
 */
export function createAwsClients (settings: ClientSettings = {}): AwsClients {
  const made: Array<{ destroy: () => void }> = []
  const perRegion = <Client extends { destroy: () => void }>(make: (region: string) => Client) => {
    const clients = new Map<string, Client>()
    return (region: string): Client => {
      const known = clients.get(region)
      if (known) return known
      const client = make(region)
      clients.set(region, client)
      made.push(client)
      return client
    }
  }
  // A statement may run for 45 s. How long the Data API keeps an idle connection is not known; AWS's SDK for Java gives up those of all
  // services after 5 s, since some close them little later (aws-sdk-java-v2#1520), and a write that meets such an end is of unknown outcome.
  const dataApiPosts = createHttpPosts({ connectMs: 3_000, answerMs: 60_000, idleMs: 5_000 })
  made.push(dataApiPosts)
  const requestHandler = { connectionTimeout: 3_000, requestTimeout: 15_000, throwOnRequestTimeout: true }
  // What can be done without: trying again would not be worth the wait.
  const optional = { ...settings, maxAttempts: 1, requestHandler: { ...requestHandler, requestTimeout: 5_000 } }

  return {
    cloudFormation: perRegion(region => new CloudFormationClient({ ...settings, region, requestHandler })),
    cloudFormationInBackground: perRegion(region => new CloudFormationClient({ ...settings, region, maxAttempts: 1, requestHandler })),
    cloudWatch: perRegion(region => new CloudWatchClient({ ...optional, region })),
    sts: perRegion(region => new STSClient({ ...optional, region })),
    rds: perRegion(region => new RDSClient({ ...settings, region, requestHandler })),
    secrets: perRegion(region => new SecretsManagerClient({ ...settings, region, requestHandler })),
    dataApi: perRegion(region => new RDSDataClient({ ...settings, region, maxAttempts: 1 })),
    dataApiPosts,
    destroy: () => { for (const client of made) client.destroy() }
  }
}
