import type { ChangeSets, ResourceChange, Update } from '../../aws/change-sets.js'
import { AwsFailure } from '../../aws/errors.js'
import type { Stack } from '../../aws/stacks.js'
import type { Clock } from '../../clock.js'
import { Problem } from '../../problems.js'
import { hashOf, idOf } from '../naming.js'

/** A change set that can be executed, and what it would do. */
export interface Computed { name: string, changes: ResourceChange[] }

export interface ComputeOptions { changeSets: ChangeSets, clock: Pick<Clock, 'now' | 'sleep'> }

/** How often, and how many times, a change set is looked at while CloudFormation computes it. */
const LOOK_MS = 500
const LOOKS = 80

/** Begins the names of change sets of ours. */
const PREFIX = 'change-'

/** After this long, nobody is at work on a change set any more. */
const LEFT_BEHIND_MS = 60 * 60_000

/** What is only looked at is discarded afterwards. */
export type Purpose = 'execute' | 'look'

/**
 * Has CloudFormation compute an update; null when it finds that nothing would change. The same update of the same state has the same
 * name, so that a repeated request finds the set of the one before it; what is only looked at has another, so that nobody throws away what
 * somebody else is about to execute.
 */
export async function computeChange (
  { changeSets, clock }: ComputeOptions, stack: Stack, update: Omit<Update, 'name'>, purpose: Purpose = 'execute'
): Promise<Computed | null> {
  const name = PREFIX + hashOf({ update, purpose, since: stack.updatedAt ?? stack.createdAt })
  const { region, id } = stack
  const create = async (): Promise<void> => {
    await refuseLate(stack, async () => { await changeSets.create(region, id, { name, ...update }) })
  }
  await create()
  for (let look = 0; look < LOOKS; look++) {
    const set = await refuseLate(stack, async () => await changeSets.describe(region, id, name))
    if (set.status === 'ready') return { name, changes: set.changes }
    // Another request like this one may have been done with it.
    if (set.status === 'gone') await create()
    else if (set.status !== 'computing') await changeSets.remove(region, id, name)
    if (set.status === 'empty') return null
    if (set.status === 'spent') throw isBusy(stack)
    if (set.status === 'failed') throw new Problem('preflight-failed', `CloudFormation refused the change: ${set.reason}`)
    await clock.sleep(LOOK_MS)
  }
  throw new Problem('aws-unavailable', 'CloudFormation has not computed the change in time.', { retryAfterSeconds: 10 })
}

/** Executes a change set. CloudFormation throws away all others of the stack then. Throws `database-busy` when another change was quicker. */
export async function executeChange (
  { changeSets }: Pick<ComputeOptions, 'changeSets'>, stack: Stack, { name }: Computed, token: string
): Promise<void> {
  await refuseLate(stack, async () => { await changeSets.execute(stack.region, stack.id, name, token) })
}

/** Throws a change set away that is not to be executed, and with it those that a crash has left behind. */
export async function discardChange ({ changeSets, clock }: ComputeOptions, { region, id }: Stack, { name }: Computed): Promise<void> {
  await changeSets.remove(region, id, name)
  try {
    const sets = await changeSets.list(region, id)
    const left = sets.filter(set => set.name.startsWith(PREFIX) && clock.now() - set.createdAt.getTime() > LEFT_BEHIND_MS)
    for (const each of left) await changeSets.remove(region, id, each.name)
  } catch (error) {
    // They do no harm, and the next change that is executed takes them along.
    if (!(error instanceof AwsFailure)) throw error
  }
}

/** What CloudFormation says when another operation has come between. */
const late: readonly RegExp[] = [/^InvalidChangeSetStatus/, /^ChangeSetNotFound/, /^ValidationError: .* state and can ?not be updated/]

async function refuseLate<Result> (stack: Stack, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call()
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error
    if (late.some(words => words.test(`${error.code}: ${error.message}`))) throw isBusy(stack, error)
    if (error.code !== 'ValidationError' || error.kind !== 'refused') throw error
    throw new Problem('preflight-failed', `CloudFormation refused the change: ${error.message}`, { cause: error })
  }
}

function isBusy ({ region, name }: Stack, cause?: unknown): Problem {
  return new Problem('database-busy', `${idOf(region, name)} was changed by somebody else at the same time.`, { retryAfterSeconds: 5, cause })
}
