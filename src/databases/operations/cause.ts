import { isOfStack } from '../../aws/stack-status.js'
import type { StackEvent } from '../../aws/stacks.js'

/** What CloudFormation says of resources that were stopped because another one failed. */
const cancelled = /^Resource (creation|update|deletion) cancelled/i

/** How a resource handler wraps the service's own answer. The service's request id helps nobody here. */
const handlerMessage = /^Resource handler returned message: "(.*?)"? ?\(RequestToken: .*\)$/s
const serviceSuffix = / ?\(Service: [^()]*(, |; )Status Code: [^()]*\)( ?\(SDK Attempt Count: \d+\))?$/

/** What CloudFormation appends to the reason of a stack when it starts to roll back. */
const rollbackSuffix = / ?(Rollback requested by user\.|Delete requested by user\.)$/

/** What CloudFormation gives as the reason of everything that somebody asked for. */
const USER_INITIATED = 'User Initiated'

/** `The following resource(s) failed to create: [X]`: a list of what failed, and no cause. */
const listOfFailures = /^The following resource\(s\) failed to (create|update|delete): /

type Reasoned = StackEvent & { reason: string }

/**
 * The first real cause of a failure in a sentence, null when nothing failed: the first failure of a resource that was not
 * merely cancelled after it, else the reason that the stack itself gives. `events` are one operation's, oldest first.
 */
export function findCause (events: readonly StackEvent[]): string | null {
  const reasoned = events.filter((event): event is Reasoned => event.reason !== null && event.reason !== USER_INITIATED)
  const failed = reasoned.find(event => event.status.endsWith('_FAILED') && !isOfStack(event) && !isCancelled(event))
  if (failed) return causeOf(failed)
  const ofStack = reasoned.find(event => isOfStack(event) && failureOfStack.test(event.status) && !listOfFailures.test(event.reason))
  return ofStack ? unwrap(ofStack.reason) : null
}

/** Why a resource failed, in a sentence. */
export function causeOf ({ logicalId, status, reason }: StackEvent): string {
  return `${logicalId} could not be ${verbs[status] ?? 'changed'}: ${unwrap(reason ?? 'CloudFormation does not say why.')}`
}

/** Whether a resource was only stopped because another one failed. */
export function isCancelled ({ reason }: StackEvent): boolean {
  return reason !== null && cancelled.test(reason)
}

/** CloudFormation's reason without its wrapping. */
export function unwrap (reason: string): string {
  const inner = handlerMessage.exec(reason)?.[1] ?? reason
  return inner.replace(serviceSuffix, '').replace(rollbackSuffix, '').trim()
}

const verbs: Readonly<Record<string, string>> = {
  CREATE_FAILED: 'created', UPDATE_FAILED: 'updated', DELETE_FAILED: 'deleted', IMPORT_FAILED: 'imported'
}

const failureOfStack = /(_FAILED|ROLLBACK_IN_PROGRESS|^DELETE_IN_PROGRESS)$/
