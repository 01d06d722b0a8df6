import { problemKinds, type ProblemCode } from '../problems.js'
import type { AuditLine } from '../queries/audit.js'
import type { Gate } from '../queries/turns/gate.js'
import type { Registry } from './registry.js'

/** How a statement ended, as far as it matters to whoever looks after the service. */
type Outcome = 'ok' | 'refused' | 'timeout' | 'resuming' | 'turned_away' | 'rolled_back' | 'not_run' | 'abandoned' | 'failed'

/** What is neither a problem with a status that says it all, nor a failure. */
const told: Readonly<Record<string, Outcome>> = {
  ok: 'ok',
  'rolled-back': 'rolled_back',
  'not-run': 'not_run',
  'too-many-requests': 'turned_away',
  overloaded: 'turned_away',
  'database-resuming': 'resuming',
  'statement-timeout': 'timeout',
  // What AWS answers through the mirror, to the statement and not to us.
  DatabaseResumingException: 'resuming',
  StatementTimeoutException: 'timeout',
  BadRequestException: 'refused',
  DatabaseErrorException: 'refused',
  DatabaseNotFoundException: 'refused',
  InvalidResourceStateException: 'refused',
  NotFoundException: 'refused',
  TransactionNotFoundException: 'refused',
  UnsupportedResultException: 'refused',
  ValidationException: 'refused'
}

function outcomeOf ({ outcome, abandoned }: Pick<AuditLine, 'outcome' | 'abandoned'>): Outcome {
  if (abandoned) return 'abandoned'
  const known = Object.hasOwn(told, outcome) ? told[outcome] : undefined
  if (known) return known
  return isProblem(outcome) && problemKinds[outcome].status < 500 ? 'refused' : 'failed'
}

function isProblem (code: string): code is ProblemCode {
  return Object.hasOwn(problemKinds, code)
}

const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 45]

/** Counts what the audit trail has a line for. */
export function measureStatements (
  registry: Registry
): (line: Pick<AuditLine, 'operation' | 'outcome' | 'abandoned' | 'durationMs'>) => void {
  const durationsOf = registry.histograms({
    name: 'aurora_api_statement_duration_seconds',
    help: 'Statements, and begins and ends of transactions, by how they ended, with the time from the request to the answer. ' +
      'refused: a mistake of the caller, such as an SQL error. turned_away: too many ran and waited. ' +
      'resuming: the database was waking up. failed: any other way in which there was no result.',
    labels: ['operation', 'outcome']
  }, BUCKETS_SECONDS)
  return line => { durationsOf(line.operation, outcomeOf(line)).observe(line.durationMs / 1_000) }
}

/** Shows what runs and waits at the gates at the time of a scrape. */
export function readGates (registry: Registry, gates: Readonly<Record<'statements' | 'streams', Pick<Gate, 'standing'>>>): void {
  const standings = () => Object.entries(gates).map(([gate, { standing }]) => ({ gate, ...standing() }))
  registry.readings('gauge', {
    name: 'aurora_api_gate_running',
    help: 'Places taken now, by statements that run and by results that are streamed.',
    labels: ['gate']
  }, () => standings().map(({ gate, running }) => [[gate], running] as const))
  registry.readings('gauge', {
    name: 'aurora_api_gate_waiting',
    help: 'Statements and streams that wait for their turn now.',
    labels: ['gate']
  }, () => standings().map(({ gate, waiting }) => [[gate], waiting] as const))
}
