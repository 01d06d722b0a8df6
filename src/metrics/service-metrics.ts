import type { Clock } from '../clock.js'
import type { CallBudget } from '../watching/call-budget.js'
import type { StackIndex } from '../watching/stack-index.js'
import type { Gate } from '../queries/turns/gate.js'
import { measureAwsCalls } from './aws-calls.js'
import { measureProcess } from './process.js'
import { createRegistry } from './registry.js'
import { measureLiveStreams, measureRequests } from './requests.js'
import { measureStatements, readGates } from './statements.js'
import { measureBudgetWaits, measureDatabases, readBudgets, readRegions } from './watching.js'

/** What is looked at when the metrics are asked for. */
export interface MetricSources {
  /** By the service of AWS that each is of. */
  budgets: Readonly<Record<string, Pick<CallBudget, 'standing'>>>
  gates: Readonly<Record<'statements' | 'streams', Pick<Gate, 'standing'>>>
  index: Pick<StackIndex, 'standingOf'>
  regions: readonly string[]
  clock: Pick<Clock, 'now'>
}

export type ServiceMetrics = ReturnType<typeof createServiceMetrics>

/**
 * The numbers of this replica, for Prometheus. Nothing is asked of AWS for them, and showing them takes as long for ten thousand
 * databases as for one. No label has anything in it that a caller has chosen.
 */
export function createServiceMetrics () {
  const registry = createRegistry()
  return {
    awsCall: measureAwsCalls(registry),
    budgetWaits: measureBudgetWaits(registry),
    databases: measureDatabases(registry),
    statement: measureStatements(registry),
    requests: measureRequests(registry),
    liveStreams: measureLiveStreams(registry),
    process: measureProcess(registry),
    /** Once, when there is what is to be looked at. */
    lookAt: ({ budgets, gates, index, regions, clock }: MetricSources): void => {
      readBudgets(registry, budgets)
      readRegions(registry, regions, index, clock)
      readGates(registry, gates)
    },
    families: registry.families,
    render: registry.render
  }
}
