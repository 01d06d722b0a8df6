import { isOfStack } from '../../aws/stack-status.js'
import type { StackEvent, StackStatus } from '../../aws/stacks.js'
import { causeOf, isCancelled } from './cause.js'

/** Resources that an operation could not get past, and why, in a sentence; the reason is null when none is told. */
export interface Stuck { logicalIds: string[], reason: string | null }

/** What the latest operation of a stack is stuck at; `events` are that operation's, oldest first. A rollback is another matter than what it takes back. */
export function findStuck (events: readonly StackEvent[]): Stuck {
  const rollback = events.findLastIndex(event => isOfStack(event) && event.status.endsWith('ROLLBACK_IN_PROGRESS'))
  const latest = new Map(events.slice(rollback + 1).filter(event => !isOfStack(event)).map(event => [event.logicalId, event]))
  const failed = [...latest.values()].filter(event => event.status.endsWith('_FAILED') && !isCancelled(event))
  const [first] = failed
  return { logicalIds: failed.map(({ logicalId }) => logicalId), reason: first ? causeOf(first) : null }
}

/** What a person who finds a database in a status can do about it; null where there is nothing special about it. */
export function adviceFor (status: StackStatus, id: string, { logicalIds }: Stuck): string | null {
  const path = `/v1/databases/${id}`
  const names = JSON.stringify(logicalIds)
  const isNamed = logicalIds.length > 0
  switch (status) {
    case 'UPDATE_FAILED':
      return `POST ${path}/recover takes the change back.`
    case 'UPDATE_ROLLBACK_FAILED':
      return `POST ${path}/recover tries again to take the change back${isNamed ? `; with {"skip":${names}} it leaves that as it is` : ''}.`
    case 'DELETE_FAILED':
      return `DELETE ${path} tries again${isNamed ? `; POST ${path}/recover with {"retain":${names}} deletes the rest and leaves that behind` : ''}.`
    default:
      return null
  }
}
