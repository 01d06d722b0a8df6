import { readFileSync } from 'node:fs'
import pg from 'pg'
import { type ServiceProcess, startServiceProcess } from './service-process.js'
import { interleave, line, median, verdict } from './statistics.js'
import { withSandbox } from './workspace.js'

const ROWS = 100_000
const ROUNDS = 3
const PAGE = 5_000
const KIB_PER_MIB = 1024
const GIB = 1024 ** 3
/** So many rows of a kilobyte make a result of a gibibyte. */
const WIDE_ROWS = 1024 * 1024
const SAMPLE_BYTES = 16 * 1024 * 1024

/** Rows as a stream and by hand, a page a call; and what a result of a gibibyte does to the memory of the service. */
export async function benchStreaming (): Promise<void> {
  await withSandbox(async (url, dataDir) => {
    const service = await startServiceProcess(url, dataDir)
    try {
      const { id } = await service.call<{ id: string }>('POST', '/v1/databases', { client: 'bench', region: 'us-east-1' }, { prefer: 'wait=60' })
      const path = `/v1/databases/${id}/query`
      await service.call('POST', path, { sql: `create table numbers as select n as id, md5(n::text) as word from generate_series(1, ${ROWS}) as n` })
      await service.call('POST', path, { sql: 'alter table numbers add primary key (id)' })
      const direct = await connectDirectly(service, id)
      const samples = await interleave({
        cursor: async () => { await readByCursor(direct) },
        stream: async () => { await read(service, path, 'select id, word from numbers order by id', () => {}) },
        keyset: async () => { await pageBy(service, path, (last) => `select id, word from numbers where id > ${last} order by id limit ${PAGE}`) },
        offset: async () => { await pageBy(service, path, (last) => `select id, word from numbers order by id limit ${PAGE} offset ${last}`) }
      }, ROUNDS, 1).finally(async () => { await direct.end() })
      for (const [name, each] of Object.entries(samples)) process.stdout.write(line(`${ROWS} rows, ${name}`, each))
      process.stdout.write(verdict('keyset pages over the stream', median(samples.keyset) / median(samples.stream), ' times', { atLeast: 1 }))
      for (const name of ['stream', 'cursor'] as const) process.stdout.write(`${name.padEnd(44)} ${(ROWS / median(samples[name]) * 1000).toFixed(0)} rows a second\n`)
      await weigh(service, path)
    } finally {
      await service.end()
    }
  })
}

/** At the cluster's address, as any client of the database is. */
async function connectDirectly (service: ServiceProcess, id: string): Promise<pg.Client> {
  const { value } = await service.call<{ value: string }>('GET', `/v1/databases/${id}/connection?format=uri&reveal=true`)
  const { hostname, port, username, password, pathname } = new URL(value)
  const client = new pg.Client({
    host: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: pathname.slice(1)
  })
  await client.connect()
  return client
}

async function readByCursor (client: pg.Client): Promise<void> {
  await client.query('begin')
  await client.query('declare rows cursor for select id, word from numbers order by id')
  for (let size = PAGE; size === PAGE;) size = (await client.query(`fetch ${PAGE} from rows`)).rows.length
  await client.query('rollback')
}

/** Pages until one is short. The ids count the rows, so that the last one is an offset too. */
async function pageBy (service: ServiceProcess, path: string, sql: (last: number) => string): Promise<void> {
  for (let last = 0, size = PAGE; size === PAGE; last += size) {
    size = (await service.call<{ rows: unknown[] }>('POST', path, { sql: sql(last) })).rows.length
  }
}

async function read (service: ServiceProcess, path: string, sql: string, onBytes: (bytes: number) => void): Promise<number> {
  let total = 0
  for await (const chunk of await service.stream(path, { sql }, { accept: 'application/x-ndjson', 'accept-encoding': 'identity' })) {
    total += chunk.byteLength
    onBytes(total)
  }
  return total
}

/** The service has streamed before, and is as large as it is then. */
async function weigh (service: ServiceProcess, path: string): Promise<void> {
  const before = residentMiB(service.pid)
  let most = before
  let sampledAt = 0
  const bytes = await read(service, path, `select n, repeat('x', 1010) as word from generate_series(1, ${WIDE_ROWS}) as n`, total => {
    if (total - sampledAt < SAMPLE_BYTES) return
    sampledAt = total
    most = Math.max(most, residentMiB(service.pid))
  })
  process.stdout.write(`${'a large result'.padEnd(44)} ${(bytes / GIB).toFixed(2)} GiB; the service had ${before.toFixed(0)} MiB before\n`)
  process.stdout.write(verdict('growth of the service meanwhile', most - before, ' MiB', { atMost: 100 }))
}

function residentMiB (pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / KIB_PER_MIB
}
