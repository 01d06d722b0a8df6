import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { DescribeDBClustersCommand, RDSClient } from '@aws-sdk/client-rds'
import { ExecuteStatementCommand, RDSDataClient } from '@aws-sdk/client-rds-data'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import pg from 'pg'
import { clientConfig, createDatabase, type Database } from './stacks.js'
import { interleave, line, median, verdict } from './statistics.js'
import { withSandbox } from './workspace.js'

const ROUNDS = 2000
const WARM_UPS = 500
const SQL = 'SELECT 1'

/** One statement through the Data API and through `pg`, on the same server. */
export async function benchDataApi (): Promise<void> {
  const samples = await withSandbox(async url => {
    const database = await createDatabase(new CloudFormationClient(clientConfig(url)), 'bench')
    const direct = await connectDirectly(url, database)
    const dataApi = new RDSDataClient(clientConfig(url))
    const { stackId: _, ...place } = database
    try {
      return await interleave({
        'SELECT 1 through the Data API': async () => { await dataApi.send(new ExecuteStatementCommand({ ...place, sql: SQL })) },
        'SELECT 1 through pg': async () => { await direct.query(SQL) },
        'a refusal by the Data API, without a statement': async () => { await dataApi.send(new ExecuteStatementCommand({ ...place, resourceArn: `${place.resourceArn}-not`, sql: SQL })).catch(() => {}) }
      }, ROUNDS, WARM_UPS)
    } finally {
      await direct.end()
    }
  })
  for (const [name, each] of Object.entries(samples)) process.stdout.write(line(name, each))
  const more = median(samples['SELECT 1 through the Data API']) - median(samples['SELECT 1 through pg'])
  process.stdout.write(verdict('the Data API over pg, at the median', more, ' ms', { atMost: 1 }))
}

/** As any client of the database does, at the cluster's address. */
async function connectDirectly (url: string, { resourceArn, secretArn, database }: Database): Promise<pg.Client> {
  const { DBClusters: [cluster] = [] } = await new RDSClient(clientConfig(url)).send(new DescribeDBClustersCommand({ DBClusterIdentifier: resourceArn }))
  const { SecretString = '{}' } = await new SecretsManagerClient(clientConfig(url)).send(new GetSecretValueCommand({ SecretId: secretArn }))
  const { username, password } = JSON.parse(SecretString) as { username: string, password: string }
  const client = new pg.Client({ host: cluster?.Endpoint ?? '', port: cluster?.Port ?? 0, user: username, password, database })
  await client.connect()
  return client
}
