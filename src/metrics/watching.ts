import type { StackStatus } from '../aws/stacks.js'
import type { Clock } from '../clock.js'
import { phases, type DatabaseStatus } from '../databases/phases.js'
import type { BudgetWait, CallBudget } from '../watching/call-budget.js'
import type { StackIndex } from '../watching/stack-index.js'
import type { Reading, Registry } from './registry.js'

const URGENCIES = ['caller', 'background'] as const
const REGION_STATUSES = ['ok', 'stale', 'unavailable'] as const
const WAIT_BUCKETS_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Counts what has to wait for the budget of calls of one service of AWS. What does not wait is not counted. */
export function measureBudgetWaits (registry: Registry): (service: string) => (wait: BudgetWait) => void {
  const waitsOf = registry.histograms({
    name: 'aurora_api_call_budget_wait_seconds',
    help: 'How long calls waited for the budget of calls, of those that had to: for callers, and for what runs in the background.',
    labels: ['service', 'region', 'urgency']
  }, WAIT_BUCKETS_SECONDS)
  const refusalsOf = registry.counters({
    name: 'aurora_api_call_budget_refusals_total',
    help: 'Calls that were not made because their turn did not come in time. Each is a 503 for somebody.',
    labels: ['service', 'region']
  })
  return service => ({ region, urgency, waitedMs, isAdmitted }) => {
    waitsOf(service, region, urgency).observe(waitedMs / 1_000)
    if (!isAdmitted) refusalsOf(service, region).add()
  }
}

/** Shows how the budgets stand at the time of a scrape. */
export function readBudgets (registry: Registry, budgets: Readonly<Record<string, Pick<CallBudget, 'standing'>>>): void {
  const standings = () => Object.entries(budgets)
    .flatMap(([service, budget]) => budget.standing().map(standing => ({ service, ...standing })))
  registry.readings('gauge', {
    name: 'aurora_api_call_budget_waiting',
    help: 'Calls that wait for the budget of calls now.',
    labels: ['service', 'region', 'urgency']
  }, () => standings().flatMap(({ service, region, waiting }) =>
    URGENCIES.map(urgency => [[service, region, urgency], waiting[urgency]] as const)))
  registry.readings('gauge', {
    name: 'aurora_api_call_budget_slowness',
    help: '1 while the budget is spent at its full pace; after AWS has throttled a region, how many times more slowly.',
    labels: ['service', 'region']
  }, () => standings().map(({ service, region, slowness }) => [[service, region], slowness] as const))
}

/** Shows how old what is known of each region is at the time of a scrape. */
export function readRegions (
  registry: Registry, regions: readonly string[], index: Pick<StackIndex, 'standingOf'>, clock: Pick<Clock, 'now'>
): void {
  registry.readings('gauge', {
    name: 'aurora_api_region_reading_age_seconds',
    help: 'How long ago the last complete reading of the stacks of a region began. Nothing for a region that was never read.',
    labels: ['region']
  }, () => regions.flatMap((region): Array<Reading<['region']>> => {
    const { asOf } = index.standingOf(region)
    return asOf ? [[[region], (clock.now() - asOf.getTime()) / 1_000]] : []
  }))
  registry.readings('gauge', {
    name: 'aurora_api_region_status',
    help: '1 for how a region stands, 0 for the others. stale: shown as it was, for its last reading failed or is late. unavailable: nothing is known of it.',
    labels: ['region', 'status']
  }, () => regions.flatMap(region => {
    const { status } = index.standingOf(region)
    return REGION_STATUSES.map(each => [[region, each], each === status ? 1 : 0] as const)
  }))
}

/** Counts the databases of a region after each complete reading of it, by the status that their stacks have. */
export function measureDatabases (registry: Registry): (region: string, statuses: Iterable<StackStatus>) => void {
  const counted = new Map<string, ReadonlyMap<DatabaseStatus, number>>()
  registry.readings('gauge', {
    name: 'aurora_api_databases',
    help: 'Databases of a region by their status, as of its last complete reading.',
    labels: ['region', 'status']
  }, () => [...counted].flatMap(([region, counts]) => [...counts].map(([status, count]) => [[region, status], count] as const)))

  return (region, statuses) => {
    // A status that no database has is a zero, so that an alert on it can end.
    const counts = new Map<DatabaseStatus, number>(SHOWN.map(status => [status, 0]))
    for (const status of statuses) {
      const { database } = phases[status]
      counts.set(database, (counts.get(database) ?? 0) + 1)
    }
    counted.set(region, counts)
  }
}

/** What is deleted is in no reading. */
const SHOWN = [...new Set(Object.values(phases).map(({ database }) => database))].filter(status => status !== 'deleted')
