import type { Records } from './memory.js'
import type { StackRecord } from './records.js'

/** Every export of a region; names are unique in it. */
export function exportsIn (records: Records, region: string): Array<{ name: string, value: string, stackId: string }> {
  return records.stacks(region).filter(stack => stack.status !== 'DELETE_COMPLETE').flatMap(stack =>
    stack.outputs.flatMap(({ exportName, value }) => exportName === undefined ? [] : [{ name: exportName, value, stackId: stack.id }]))
}

/** The stacks of the region that use an export. */
export function importersOf (records: Records, region: string, exportName: string): StackRecord[] {
  return records.stacks(region).filter(stack => stack.status !== 'DELETE_COMPLETE' && stack.imports.includes(exportName))
}

/** The first of these exports that another stack uses, in the words in which AWS refuses to let go of it (aws-cdk#33395, generative-ai-use-cases#1232). */
export function exportInUse (
  records: Records, stack: StackRecord, exportNames: readonly string[], verb: 'delete' | 'update'
): string | undefined {
  for (const name of exportNames) {
    const users = importersOf(records, stack.region, name).filter(({ id }) => id !== stack.id).map(user => user.name)
    if (users.length > 0) return `${verb === 'delete' ? 'Delete' : 'Update'} canceled. Cannot ${verb} export ${name} as it is in use by ${users.join(', ')}.`
  }
  return undefined
}
