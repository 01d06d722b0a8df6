import type { Principal } from '../access/keys.js'
import type { Clusters } from '../aws/clusters.js'
import type { Credentials, Secrets } from '../aws/secrets.js'
import { isMoving } from '../aws/stack-status.js'
import type { Stacks } from '../aws/stacks.js'
import { Problem } from '../problems.js'
import { formatConnection, type ConnectionFormat } from './connection.js'
import type { Outputs } from './database.js'
import type { Find, Found } from './find.js'
import { describeCluster, orProblem, secretMissing } from './intact.js'
import type { DatabaseStatus } from './phases.js'

/** What the RDS Data API needs to send SQL to a database. */
export interface Target {
  id: string
  client: string
  region: string
  clusterArn: string
  secretArn: string
  databaseName: string
}

export interface Connection { format: ConnectionFormat, value: string, secretArn: string, revealed: boolean }

export interface AccessOptions {
  find: Find['find']
  secrets: Pick<Secrets, 'describe' | 'readCredentials'>
  clusters: Pick<Clusters, 'describe'>
  stacks: Pick<Stacks, 'resourcesOf'>
}

/** Ways into databases that are ready. */
export function createAccess ({ find, secrets, clusters, stacks }: AccessOptions) {
  const ready = async (principal: Principal, id: string): Promise<{ outputs: Outputs, target: Target }> => {
    const found = await find(principal, id)
    const { region, client } = found.database
    const outputs = await outputsOf(found)
    if (!outputs.clusterArn || !outputs.dbName) throw notReady(found)
    const secretArn = outputs.secretArn ?? await arnOfMaster(found)
    return { outputs, target: { id, client, region, clusterArn: outputs.clusterArn, secretArn, databaseName: outputs.dbName } }
  }

  /** The outputs of a database that can be used. AWS leaves them out while a stack is updating; what it made is there all the same. */
  const outputsOf = async (found: Found): Promise<Outputs> => {
    const { status, outputs } = found.database
    if (!usable.has(status)) throw notReady(found)
    return outputs ?? await readOutputs(found)
  }

  const readOutputs = async (found: Found): Promise<Outputs> => {
    const { region, id, name } = found.stack
    const resources = await stacks.resourcesOf(region, id)
    const physicalIdOf = (type: string): string | null => resources.find(resource => resource.type === type)?.physicalId ?? null
    const clusterName = physicalIdOf('AWS::RDS::DBCluster')
    if (!clusterName) throw notReady(found)
    const { arn, host, port, databaseName } = await describeCluster(clusters, found.database.id, region, clusterName)
    return {
      stackName: name,
      clusterName,
      dnsName: host,
      dbName: databaseName,
      dbPort: port,
      clusterArn: arn,
      secretArn: physicalIdOf('AWS::SecretsManager::Secret')
    }
  }

  /** The Data API takes ARNs of secrets only: a name may be shorter than it accepts. */
  const arnOfMaster = async ({ database, stack }: Found): Promise<string> => {
    const secret = await secrets.describe(stack.region, stack.parameters.DBMaster ?? '')
    if (!secret) throw secretMissing(database.id)
    return secret.arn
  }

  /** Where SQL for a database goes. Throws a {@link Problem} when it is not there, or not ready. */
  const targetOf = async (principal: Principal, id: string): Promise<Target> => (await ready(principal, id)).target

  /** How to connect, in one of the forms; with `reveal` the password itself, else a placeholder. */
  const connectionOf = async (principal: Principal, id: string, format: ConnectionFormat, reveal: boolean): Promise<Connection> => {
    const { outputs, target: { region, clusterArn, secretArn, databaseName } } = await ready(principal, id)
    const read = async (): Promise<Credentials | null> => await secrets.readCredentials(region, secretArn)
    const credentials = reveal ? await orProblem(read, () => secretMissing(id)) : null
    const username = credentials?.username ?? (await describeCluster(clusters, id, region, clusterArn)).masterUsername
    const value = formatConnection(format, {
      host: outputs.dnsName ?? '',
      port: outputs.dbPort ?? 5432,
      database: databaseName,
      username,
      password: credentials?.password ?? null,
      clusterArn,
      secretArn,
      region
    })
    return { format, value, secretArn, revealed: credentials !== null }
  }

  return {
    outputsOf: async (principal: Principal, id: string): Promise<Outputs> => await outputsOf(await find(principal, id)),
    targetOf,
    connectionOf
  }
}

const usable: ReadonlySet<DatabaseStatus> = new Set(['available', 'updating'])

function notReady ({ database, stack }: Found): Problem {
  return new Problem('database-not-ready', `${database.id} is ${database.status}.`, {
    extensions: { databaseStatus: database.status },
    ...(isMoving(stack.status) ? { retryAfterSeconds: 10 } : {})
  })
}
