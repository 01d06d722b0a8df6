import t from 'tap'

import type { Meter } from '../../src/aws/metering.js'
import { createServiceMetrics } from '../../src/metrics/service-metrics.js'

const REGION = 'eu-west-1'
/** The lines of one metric, without its name. */
const linesOf = (text: string, name: string): string[] => text.split('\n').filter(line => new RegExp(`^${name}[{ ]`).test(line)).map(line => line.slice(name.length))

t.test('calls of AWS by how they ended', async t => {
  const { awsCall, render } = createServiceMetrics()
  const call = { service: 'rds', region: REGION, operation: 'DescribeDBClusters', subject: 'acme-orders' }
  const endings: Array<Parameters<Meter['note']>[1]> = [null, 'throttled', 'denied', 'unavailable', 'abandoned', 'not-found', 'refused', 'quota', 'already-exists', 'token-reused']
  for (const ending of endings) awsCall(call, ending, 20)
  const labels = (outcome: string) => `{service="rds",operation="DescribeDBClusters",region="${REGION}",outcome="${outcome}"}`
  t.strictSame(linesOf(render(), 'aurora_api_aws_calls_total'), [
    `${labels('success')} 1`, `${labels('throttled')} 1`, `${labels('denied')} 1`, `${labels('failed')} 1`, `${labels('abandoned')} 1`, `${labels('refused')} 5`
  ])
  t.strictSame(linesOf(render(), 'aurora_api_aws_call_duration_seconds_count'), [`{service="rds",operation="DescribeDBClusters",region="${REGION}"} 10`])
  t.match(render(), `aurora_api_aws_call_duration_seconds_bucket{service="rds",operation="DescribeDBClusters",region="${REGION}",le="0.05"} 10`)
})

t.test('statements by how they ended', async t => {
  const { statement, render } = createServiceMetrics()
  const endings: ReadonlyArray<[outcome: string, abandoned: boolean, shown: string]> = [
    ['ok', false, 'ok'], ['sql-error', false, 'refused'], ['forbidden', false, 'refused'], ['statement-timeout', false, 'timeout'], ['too-many-requests', false, 'turned_away'],
    ['overloaded', false, 'turned_away'], ['database-resuming', false, 'resuming'], ['rolled-back', false, 'rolled_back'], ['not-run', false, 'not_run'], ['shutting-down', true, 'abandoned'],
    ['aws-unavailable', false, 'failed'], ['statement-outcome-unknown', false, 'failed'], ['DatabaseErrorException', false, 'refused'], ['StatementTimeoutException', false, 'timeout'],
    ['ServiceUnavailableError', false, 'failed'], ['constructor', false, 'failed'], ['503', false, 'failed']
  ]
  for (const [outcome, abandoned, shown] of endings) {
    const before = render()
    statement({ operation: 'query', outcome, durationMs: 3, ...(abandoned ? { abandoned } : {}) })
    const count = (text: string): number => Number(linesOf(text, 'aurora_api_statement_duration_seconds_count').find(line => line.includes(`outcome="${shown}"`))?.split(' ').at(-1) ?? 0)
    t.equal(count(render()), count(before) + 1, `${outcome} is ${shown}`)
  }
})

t.test('databases by their status, as of the last reading', async t => {
  const { databases, render } = createServiceMetrics()
  t.strictSame(linesOf(render(), 'aurora_api_databases'), [])
  databases(REGION, ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'ROLLBACK_COMPLETE'])
  databases(REGION, ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'DELETE_FAILED'])
  t.strictSame(linesOf(render(), 'aurora_api_databases'), Object.entries({ creating: 0, available: 2, failed: 0, updating: 0, deleting: 0, delete_failed: 1 })
    .map(([status, count]) => `{region="${REGION}",status="${status}"} ${count}`))
})

t.test('budgets, regions and gates as they stand when they are asked for', async t => {
  const { lookAt, budgetWaits, render } = createServiceMetrics()
  let ageMs = 5_000
  lookAt({
    budgets: { cloudformation: { standing: () => [{ region: REGION, waiting: { caller: 2, background: 1 }, slowness: 4 }] } },
    gates: { statements: { standing: () => ({ running: 3, waiting: 1 }) }, streams: { standing: () => ({ running: 0, waiting: 0 }) } },
    index: { standingOf: region => region === REGION ? { status: 'stale', asOf: new Date(100_000 - ageMs), failure: null } : { status: 'unavailable', asOf: null, failure: null } },
    regions: [REGION, 'us-east-1'],
    clock: { now: () => 100_000 }
  })
  t.strictSame(linesOf(render(), 'aurora_api_region_reading_age_seconds'), [`{region="${REGION}"} 5`], 'nothing is made up for a region that was never read')
  ageMs = 6_000
  t.strictSame(linesOf(render(), 'aurora_api_region_reading_age_seconds'), [`{region="${REGION}"} 6`])
  t.strictSame(linesOf(render(), 'aurora_api_region_status').filter(line => line.endsWith(' 1')), [`{region="${REGION}",status="stale"} 1`, '{region="us-east-1",status="unavailable"} 1'])
  t.strictSame(linesOf(render(), 'aurora_api_call_budget_waiting'), [`{service="cloudformation",region="${REGION}",urgency="caller"} 2`, `{service="cloudformation",region="${REGION}",urgency="background"} 1`])
  t.strictSame(linesOf(render(), 'aurora_api_call_budget_slowness'), [`{service="cloudformation",region="${REGION}"} 4`])
  t.strictSame(linesOf(render(), 'aurora_api_gate_running'), ['{gate="statements"} 3', '{gate="streams"} 0'])
  t.strictSame(linesOf(render(), 'aurora_api_gate_waiting'), ['{gate="statements"} 1', '{gate="streams"} 0'])

  const note = budgetWaits('rds')
  note({ region: REGION, urgency: 'caller', waitedMs: 300, isAdmitted: true })
  note({ region: REGION, urgency: 'caller', waitedMs: 10_000, isAdmitted: false })
  t.strictSame(linesOf(render(), 'aurora_api_call_budget_wait_seconds_sum'), [`{service="rds",region="${REGION}",urgency="caller"} 10.3`])
  t.strictSame(linesOf(render(), 'aurora_api_call_budget_refusals_total'), [`{service="rds",region="${REGION}"} 1`])
})

t.test('the process, as a scrape finds it', async t => {
  const { process: loop, render } = createServiceMetrics()
  loop.start()
  t.teardown(loop.stop)
  const value = (name: string): number => Number(linesOf(render(), name)[0])
  for (const name of ['nodejs_eventloop_lag_p99_seconds', 'nodejs_eventloop_lag_max_seconds']) t.ok(value(name) >= 0, name)
  for (const name of ['process_resident_memory_bytes', 'nodejs_heap_size_used_bytes', 'process_cpu_seconds_total', 'process_start_time_seconds']) t.ok(value(name) > 0, name)
  t.ok(Math.abs(Date.now() / 1_000 - process.uptime() - value('process_start_time_seconds')) < 5)
})
