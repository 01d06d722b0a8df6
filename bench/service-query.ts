import { RDSDataClient, ExecuteStatementCommand } from '@aws-sdk/client-rds-data'
import { type ServiceProcess, startServiceProcess } from './service-process.js'
import { clientConfig } from './stacks.js'
import { interleave, line, median, verdict } from './statistics.js'
import { withSandbox } from './workspace.js'

const ROUNDS = 1000
/** Until Node.js has compiled what each call runs: with 300, both compile as they are measured. */
const WARM_UPS = 4_000
const IN_FLIGHT = 32
const CALLS_AT_ONCE = 800
const HEATS = 7
const SQL = 'SELECT 1 AS one'

interface Place { resourceArn: string, secretArn: string, database: string }

/** One statement through the service and by the SDK straight to the Data API: how long one takes, and how many pass. */
export async function benchServiceQuery (): Promise<void> {
  await withSandbox(async (url, dataDir) => {
    const service = await startServiceProcess(url, dataDir)
    try {
      const ways = await openWays(url, service)
      const samples = await interleave(ways, ROUNDS, WARM_UPS)
      for (const [name, each] of Object.entries(samples)) process.stdout.write(line(name, each))
      process.stdout.write(verdict('one at a time, service over SDK', median(samples.service) / median(samples.sdk), ' times', { atMost: 1.3 }))
      const floods = { service: async () => { await flood(ways.service) }, sdk: async () => { await flood(ways.sdk) } }
      const heats = await interleave(floods, HEATS, 1)
      for (const [name, each] of Object.entries(heats)) process.stdout.write(`${name.padEnd(44)} ${(CALLS_AT_ONCE / median(each) * 1000).toFixed(0)} a second at ${IN_FLIGHT} in flight\n`)
      process.stdout.write(verdict(`throughput at ${IN_FLIGHT} in flight, service over SDK`, median(heats.sdk) / median(heats.service), ' times', { atLeast: 0.7 }))
    } finally {
      await service.end()
    }
  })
}

async function openWays (url: string, service: ServiceProcess): Promise<Record<'service' | 'sdk', () => Promise<unknown>>> {
  const { id } = await service.call<{ id: string }>('POST', '/v1/databases', { client: 'bench', region: 'us-east-1' }, { prefer: 'wait=60' })
  const { value } = await service.call<{ value: string }>('GET', `/v1/databases/${id}/connection?format=data-api`)
  const { resourceArn, secretArn, database } = JSON.parse(value) as Place
  const dataApi = new RDSDataClient(clientConfig(url))
  return {
    service: async () => await service.call('POST', `/v1/databases/${id}/query`, { sql: SQL }),
    sdk: async () => await dataApi.send(new ExecuteStatementCommand({ resourceArn, secretArn, database, sql: SQL }))
  }
}

/** So many calls, so many at once. */
async function flood (call: () => Promise<unknown>): Promise<void> {
  let left = CALLS_AT_ONCE
  const lane = async (): Promise<void> => { while (left-- > 0) await call() }
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
}
