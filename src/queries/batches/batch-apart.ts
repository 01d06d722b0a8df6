import { DataApiFailure } from '../../aws/data-api.js'
import type { Result } from '../../aws/data-api-values.js'
import { Problem } from '../../problems.js'
import type { Cast } from '../casting/cast.js'
import { toOutcome, type Outcome, type OutcomeForm } from '../answers/outcome.js'
import { toProblem } from '../answers/refusals.js'
import { groupSets, inTransaction, runGroup, type SetGroup, type SetsWork } from './sets.js'

/** A set that failed, counted from 0, and why: a problem, or an `AwsFailure`. */
export interface SetFailure { set: number, error: unknown }

/** What became of sets that stand for themselves. */
export interface Apart { results: Array<Outcome | null> | null, failures: SetFailure[] }

/**
 * Runs the sets in their order, so that one that fails takes no other along. They go together as far as they can: a group that fails is
 * rolled back and halved, until the sets are found that it failed for. Where a failure is of no set (AWS is away, say), the rest is not
 * run, and reads as failed too; it is thrown when nothing is kept yet. So is a statement that is wrong with the first set already.
 */
export async function runApart (
  work: SetsWork, transactionId: string, sets: readonly Cast[], { rowFormat }: Pick<OutcomeForm, 'rowFormat'>
): Promise<Apart> {
  const results = sets[0]?.prepared.returnsChanges ? Array.from(sets, (): Outcome | null => null) : null
  const failures: SetFailure[] = []
  const groups = groupSets(sets)
  let begun: string | null = transactionId
  for (let group = groups.shift(); group; group = groups.shift()) {
    try {
      const result = await runByItself(work, begun, group)
      const [one] = group.sets
      if (results && result && one) results[group.first] = toOutcome(result, one.prepared, { maxRows: null, rowFormat })
    } catch (error) {
      const isOfItsSets = error instanceof DataApiFailure && ofSets.has(error.kind)
      const keptNone = group.first === failures.length
      if (isOfItsSets && group.sets.length > 1) groups.unshift(...halve(group))
      else if (keptNone && (!isOfItsSets || isMisunderstood(error))) throw error
      else {
        failures.push(...failuresOf(group, await work.nameRefused(error)))
        if (!isOfItsSets) failures.push(...groups.splice(0).flatMap(each => failuresOf(each, notRun(error))))
      }
    }
    begun = null
  }
  return { results, failures }
}

async function runByItself (work: SetsWork, begun: string | null, group: SetGroup): Promise<Result | null> {
  const transactionId = begun ?? await work.dataApi.begin(work.target, work.signal)
  return await inTransaction(work, transactionId, async () => await runGroup(work, transactionId, group))
}

/** Failures that other sets may not have. */
const ofSets: ReadonlySet<DataApiFailure['kind']> = new Set(['sql', 'timeout', 'unsupported'])

/** Whether PostgreSQL does not understand the statement, with whatever values (class 42, its manual's appendix A). */
function isMisunderstood ({ sql }: DataApiFailure): boolean {
  return sql?.sqlState.startsWith('42') ?? false
}

function halve ({ first, sets }: SetGroup): SetGroup[] {
  const half = Math.ceil(sets.length / 2)
  return [{ first, sets: sets.slice(0, half) }, { first: first + half, sets: sets.slice(half) }]
}

function failuresOf ({ first, sets }: SetGroup, error: unknown): SetFailure[] {
  return sets.map(({ prepared }, index) => ({
    set: first + index,
    error: error instanceof DataApiFailure ? toProblem(error, 'write', prepared.toCallersPosition) : error
  }))
}

function notRun (cause: unknown): Problem {
  return new Problem('aws-unavailable', 'It did not run: the batch ended before it.', { cause })
}
