import { AwsError } from './aws.js'
import type { Clock } from './clock.js'

export const FAULT_KINDS = ['throttle', 'error-500', 'error-503', 'drop-before', 'drop-after', 'delay', 'not-enabled', 'fail-resource'] as const

/** A fault that is waiting to happen. Without `count` it happens until it is cleared. */
export interface Fault {
  id: string
  /** Signing name; any service when absent. */
  service?: string
  /** AWS's name; any operation when absent. */
  operation?: string
  /** The region that a call is signed for; any when absent. */
  region?: string
  kind: typeof FAULT_KINDS[number]
  /** How many times it will still happen. */
  count?: number
  /** The share of matching calls that it hits, 0 to 1; all of them when absent. */
  rate?: number
  /** For `delay`: milliseconds before the operation starts. */
  delayMs?: number
  /** For `fail-resource`: the stack's name (any when absent), the logical id, and what the resource is to fail with. */
  stack?: string
  resource?: string
  reason?: string
}

/** What a fault does to one call. */
export interface FaultEffect {
  /** Before the work is done: throws AWS's refusal, waits, or says that the connection is to be dropped. */
  before: () => Promise<'drop' | undefined>
  /** After the work was done, when only its answer can still be lost. */
  after: () => Promise<'drop' | undefined>
}

/** Trouble on demand, for tests of whatever calls AWS. */
export interface Faults {
  add: (fault: Omit<Fault, 'id'>) => Fault
  list: () => Fault[]
  clear: () => void
  /** The effect of the first fault that hits this call, which uses up one of its count. */
  take: (service: string, operation: string, region: string) => FaultEffect | undefined
  /** Why that resource of that stack is to fail, where it is; uses up one of the fault's count. */
  failureOf: (stack: string, logicalId: string) => string | undefined
}

/** `random` answers a number from 0 to below 1, and decides for faults with a rate. */
export function createFaults ({ clock, random }: { clock: Pick<Clock, 'sleep'>, random: () => number }): Faults {
  let faults: Fault[] = []
  let added = 0

  const takeFirst = (isMeant: (fault: Fault) => boolean): Fault | undefined => {
    const fault = faults.find(each => isMeant(each) && (each.rate === undefined || random() < each.rate))
    if (fault?.count !== undefined) fault.count -= 1
    faults = faults.filter(({ count }) => count !== 0)
    return fault
  }

  return {
    add: fault => {
      const kept = { ...fault, id: `fault-${++added}` }
      faults.push(kept)
      return kept
    },
    list: () => faults,
    clear: () => { faults = [] },
    take: (service, operation, region) => {
      const fault = takeFirst(each => each.kind !== 'fail-resource' &&
        (each.service ?? service) === service && (each.operation ?? operation) === operation && (each.region ?? region) === region)
      return fault && effectOf(fault, service, clock)
    },
    failureOf: (stack, logicalId) => {
      const fault = takeFirst(each => each.kind === 'fail-resource' && (each.stack ?? stack) === stack && each.resource === logicalId)
      return fault && (fault.reason ?? 'The resource was told to fail.')
    }
  }
}

/** Services that speak Query have names of their own for some errors. */
const queryServices: readonly string[] = ['cloudformation', 'rds', 'sts']

function effectOf ({ kind, delayMs = 0 }: Fault, service: string, clock: Pick<Clock, 'sleep'>): FaultEffect {
  const isQuery = queryServices.includes(service)
  const refusals: Partial<Record<Fault['kind'], AwsError>> = {
    throttle: new AwsError(isQuery ? 'Throttling' : 'ThrottlingException', 'Rate exceeded'),
    // A region that the account has not enabled knows nobody's credentials (github-unwrapped-2022#34, landing-zone-accelerator-on-aws#269).
    'not-enabled': new AwsError(isQuery ? 'InvalidClientTokenId' : 'UnrecognizedClientException', 'The security token included in the request is invalid.', isQuery ? 403 : 400),
    'error-500': new AwsError('InternalFailure', 'The request processing has failed because of an unknown error, exception or failure.', 500),
    'error-503': new AwsError('ServiceUnavailable', 'The request has failed due to a temporary failure of the server.', 503)
  }
  return {
    before: async () => {
      const refusal = refusals[kind]
      if (refusal) throw refusal
      await clock.sleep(kind === 'delay' ? delayMs : 0)
      return kind === 'drop-before' ? 'drop' : undefined
    },
    after: async () => kind === 'drop-after' ? 'drop' : undefined
  }
}
