import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { DescribeDBClustersCommand, RDSClient } from '@aws-sdk/client-rds'
import { ExecuteStatementCommand, RDSDataClient } from '@aws-sdk/client-rds-data'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import pg from 'pg'
import { openPlainClient } from './plain-client.js'
import { clientConfig, createDatabase, type Database } from './stacks.js'
import { interleave, line, median, verdict } from './statistics.js'
import { withSandbox } from './workspace.js'

const ROUNDS = 2000
const WARM_UPS = 500
const SQL = 'SELECT 1'

/** One statement through the Data API and through `pg`, on the same server; and what of it the SDK's client costs by itself. */
export async function benchDataApi (): Promise<void> {
  const samples = await withSandbox(async url => {
    const { stackId: _, ...place } = await createDatabase(new CloudFormationClient(clientConfig(url)), 'bench')
    const statement = { ...place, sql: SQL }
    const direct = await connectDirectly(url, place)
    const dataApi = new RDSDataClient(clientConfig(url))
    const plain = openPlainClient(url)
    const idle = await startIdleServer()
    const nowhere = new RDSDataClient(clientConfig(idle.url))
    try {
      return await interleave({
        'SELECT 1 through the Data API': async () => { await dataApi.send(new ExecuteStatementCommand(statement)) },
        'the same by a plain HTTP client': async () => { await plain.send('POST', '/Execute', statement) },
        'SELECT 1 through pg': async () => { await direct.query(SQL) },
        'the SDK and a server that does nothing': async () => { await nowhere.send(new ExecuteStatementCommand(statement)) }
      }, ROUNDS, WARM_UPS)
    } finally {
      plain.close()
      idle.close()
      await direct.end()
    }
  })
  for (const [name, each] of Object.entries(samples)) process.stdout.write(line(name, each))
  const pgMs = median(samples['SELECT 1 through pg'])
  const overPg = (name: keyof typeof samples): number => median(samples[name]) - pgMs
  process.stdout.write(verdict('a plain HTTP client over pg, at the median', overPg('the same by a plain HTTP client'), ' ms', { atMost: 1 }))
  process.stdout.write(verdict('the Data API over pg, at the median', overPg('SELECT 1 through the Data API'), ' ms', { atMost: 1 }))
}

/** As any client of the database does, at the cluster's address. */
async function connectDirectly (url: string, { resourceArn, secretArn, database }: Omit<Database, 'stackId'>): Promise<pg.Client> {
  const [rds, secrets] = [new RDSClient(clientConfig(url)), new SecretsManagerClient(clientConfig(url))]
  const { DBClusters: [cluster] = [] } = await rds.send(new DescribeDBClustersCommand({ DBClusterIdentifier: resourceArn }))
  const { SecretString = '{}' } = await secrets.send(new GetSecretValueCommand({ SecretId: secretArn }))
  const { username, password } = JSON.parse(SecretString) as { username: string, password: string }
  const client = new pg.Client({ host: cluster?.Endpoint ?? '', port: cluster?.Port ?? 0, user: username, password, database })
  await client.connect()
  return client
}

/** Reads a request and answers it at once, in this program: what is left is the client's own time and one HTTP server's. */
async function startIdleServer (): Promise<{ url: string, close: () => void }> {
  const answer = JSON.stringify({ numberOfRecordsUpdated: 0, records: [[{ longValue: 1 }]] })
  const server = createServer((request, response) => {
    request.resume().once('end', () => { response.writeHead(200, { 'content-type': 'application/json' }).end(answer) })
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => { server.close(); server.closeAllConnections() } }
}
