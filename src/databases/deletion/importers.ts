import type { Logger } from 'pino'

import { AwsFailure } from '../../aws/errors.js'
import type { Stack, Stacks } from '../../aws/stacks.js'
import { mapLimited } from '../../concurrency.js'

/** Names of the stacks that use what a stack exports. */
export type FindImporters = (stack: Stack) => Promise<string[]>

/** How many exports are asked about at a time. */
const AT_A_TIME = 4

/**
 * CloudFormation accepts the deletion of a stack whose exports are used, and cancels it then. What it does not answer is passed over:
 * it will cancel for whatever would have been found, and loses nothing by it.
 */
export function createFindImporters (stacks: Pick<Stacks, 'importersOf'>, log: Pick<Logger, 'warn'>): FindImporters {
  return async ({ region, exports }) => {
    const found = await mapLimited(exports, AT_A_TIME, async name => {
      try {
        return await stacks.importersOf(region, name)
      } catch (error) {
        if (!(error instanceof AwsFailure)) throw error
        log.warn({ err: error, region, export: name }, 'who imports an export was not looked at before a deletion')
        return []
      }
    })
    return [...new Set(found.flat())].sort()
  }
}
