import type { Stack, Stacks } from '../../aws/stacks.js'
import { Problem } from '../../problems.js'
import type { Operation } from '../operations/operations.js'
import { computeChange, executeChange, type ComputeOptions } from '../changes/computed-change.js'
import { hashOf } from '../naming.js'

export interface FinalSnapshotOptions extends ComputeOptions {
  stacks: Pick<Stacks, 'templateOf'>
  newToken: () => string
}

export type FinalSnapshot = ReturnType<typeof createFinalSnapshot>

/** How the templates have CloudFormation take a final snapshot, with the indent of the line. A test holds the templates to it. */
const taken = /^( +)DeletionPolicy: Snapshot$/gm

/**
 * And how it is told not to. A policy alone was once not worth an update to CloudFormation (cloudformation-coverage-roadmap#1543);
 * metadata always were, and they make it known again.
 */
const skipped = /^( +)DeletionPolicy: Delete\n +Metadata: { FinalSnapshot: skipped }$/gm

/** What the tokens of the updates that switch it begin with. */
const SWITCH = 'final-snapshot-'

/** Whether an operation is the beginning of a deletion, which goes on once it has settled; with a `condition`, of one that was held against the same. */
export function isSwitch (operation: Pick<Operation, 'id'> | null, condition?: string): boolean {
  return operation?.id.startsWith(condition === undefined ? SWITCH : prefixOf(condition)) ?? false
}

/** What the token of a switch begins with: so it says what the deletion was held against. */
function prefixOf (condition: string): string {
  return `${SWITCH}${hashOf(condition).slice(0, 12)}-`
}

/**
 * Whether CloudFormation takes a final snapshot is in the template of the stack, and so is what was decided: a crash at any point
 * leaves a stack that says how it will be deleted. Nothing of the database itself changes.
 */
export function createFinalSnapshot (options: FinalSnapshotOptions) {
  const { stacks, newToken } = options

  const isTaken = async ({ region, id }: Stack): Promise<boolean> => (await stacks.templateOf(region, id)).search(skipped) < 0

  /** Starts the update that switches it. Throws a {@link Problem} when CloudFormation does not take it. */
  const startSwitch = async (stack: Stack, wanted: boolean, condition = ''): Promise<void> => {
    const before = await stacks.templateOf(stack.region, stack.id)
    const templateBody = wanted
      ? before.replace(skipped, '$1DeletionPolicy: Snapshot')
      : before.replace(taken, '$1DeletionPolicy: Delete\n$1Metadata: { FinalSnapshot: skipped }')
    if (templateBody === before) throw new Problem('final-snapshot-required', 'The template of its stack does not say how it is deleted.')
    const update = { parameters: {}, kept: Object.keys(stack.parameters), tags: ownTagsOf(stack), templateBody }
    const computed = await computeChange(options, stack, update)
    if (computed) await executeChange(options, stack, computed, prefixOf(condition) + newToken())
  }

  return { isTaken, startSwitch }
}

function ownTagsOf ({ tags }: Stack): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !key.startsWith('aws:')))
}
