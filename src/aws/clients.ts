import { CloudFormationClient, type CloudFormationClientConfig } from '@aws-sdk/client-cloudformation'
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch'
import { RDSClient } from '@aws-sdk/client-rds'
import { RDSDataClient } from '@aws-sdk/client-rds-data'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'

/** One SDK client per service and region, made on first use and kept for its connections. */
export interface AwsClients {
  cloudFormation: (region: string) => CloudFormationClient
  /** For what nobody waits for: it tries nothing again by itself. */
  cloudFormationInBackground: (region: string) => CloudFormationClient
  cloudWatch: (region: string) => CloudWatchClient
  rds: (region: string) => RDSClient
  dataApi: (region: string) => RDSDataClient
  secrets: (region: string) => SecretsManagerClient
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
  const requestHandler = { connectionTimeout: 3_000, requestTimeout: 15_000, throwOnRequestTimeout: true }

  return {
    cloudFormation: perRegion(region => new CloudFormationClient({ ...settings, region, requestHandler })),
    cloudFormationInBackground: perRegion(region => new CloudFormationClient({ ...settings, region, maxAttempts: 1, requestHandler })),
    // Only what can be done without is read there: trying again would not be worth the wait.
    cloudWatch: perRegion(region => new CloudWatchClient({ ...settings, region, maxAttempts: 1, requestHandler: { ...requestHandler, requestTimeout: 5_000 } })),
    rds: perRegion(region => new RDSClient({ ...settings, region, requestHandler })),
    secrets: perRegion(region => new SecretsManagerClient({ ...settings, region, requestHandler })),
    // A statement may run for 45 s, and one that timed out may have run: only the caller may send it again.
    // The databases of a region share its sockets, of which the SDK opens 50: few slow ones would hold up all the others.
    dataApi: perRegion(region => new RDSDataClient({
      ...settings, region, maxAttempts: 1, requestHandler: { ...requestHandler, requestTimeout: 60_000, httpAgent: { maxSockets: Infinity }, httpsAgent: { maxSockets: Infinity } }
    })),
    destroy: () => { for (const client of made) client.destroy() }
  }
}
