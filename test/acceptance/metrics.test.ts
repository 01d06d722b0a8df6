import t from 'tap'

import { startService } from '../helpers/service.js'

const service = await startService(t, { CALLS_PER_SECOND: '500' })

/** What callers choose here, and what follows from it. None of it may be in a metric. */
const CHOSEN = ['zebra', 'giraffe', 'local-dev-key', 'okapi', 'tapir']

/** The samples of a metric, by their labels as they are written. */
async function scrape (): Promise<{ text: string, samples: (name: string) => Map<string, number> }> {
  const { status, body: text } = await service.call<string>('GET', '/metrics')
  t.equal(status, 200)
  return { text, samples: name => new Map([...text.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, 'gm'))].map(([, labels = '', value]) => [labels, Number(value)])) }
}

const sum = (samples: Map<string, number>, labels: RegExp): number =>
  [...samples].filter(([key]) => labels.test(key)).reduce((total, [, value]) => total + value, 0)

t.test('what the service does is in its metrics, and none of its callers\' words', async t => {
  const { body: { id } } = await service.call<{ id: string }>('POST', '/v1/databases', { client: 'zebra', region: 'eu-west-1', name: 'giraffe' }, { prefer: 'wait=60', 'idempotency-key': 'okapi' })
  const statements: Array<[sql: string, status: number]> = [["select 'tapir' as okapi", 200], ['select tapir', 422]]
  for (const [sql, status] of statements) t.equal((await service.call('POST', `/v1/databases/${id}/query`, { sql })).status, status)
  await service.call('GET', `/v1/databases/${id}`)
  await service.call('GET', '/v1/databases?client=zebra', undefined, { 'cache-control': 'no-cache' })
  await service.call('GET', '/tapir/okapi')

  const { text, samples } = await scrape()
  const calls = samples('aurora_api_aws_calls_total')
  t.equal(calls.get('service="cloudformation",operation="CreateStack",region="eu-west-1",outcome="success"'), 1)
  t.equal(calls.get('service="rds-data",operation="Execute",region="eu-west-1",outcome="refused"'), 1)
  for (const service of ['cloudformation', 'rds', 'cloudwatch', 'rds-data']) t.ok(sum(calls, new RegExp(`service="${service}".*outcome="success"`)) > 0, `${service} is counted`)
  t.equal(sum(samples('aurora_api_aws_call_duration_seconds_count'), /./), sum(calls, /./), 'and each of its calls has a duration')
  const ended = samples('aurora_api_statement_duration_seconds_count')
  t.strictSame([...ended].sort(), [['operation="query",outcome="ok"', 1], ['operation="query",outcome="refused"', 1]])
  t.equal(samples('aurora_api_http_request_duration_seconds_count').get('method="POST",route="/v1/databases/:id/query",status="2xx"'), 1)
  t.ok((samples('aurora_api_region_reading_age_seconds').get('region="eu-west-1"') ?? -1) >= 0)
  t.equal(samples('aurora_api_databases').get('region="eu-west-1",status="available"'), 1)
  t.strictSame([...samples('aurora_api_gate_running').values(), ...samples('aurora_api_gate_waiting').values()], [0, 0, 0, 0])
  t.ok((samples('process_resident_memory_bytes').get('') ?? 0) > 0)
  for (const word of [...CHOSEN, id, id.split('.')[1] ?? '']) t.notOk(text.includes(word), `there is no ${word} in it`)
})
