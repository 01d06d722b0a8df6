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

/** Which operation of which service is called, and where. */
export interface Call { service: string, operation: string, region: string }

/** Trouble on demand, for tests of whatever calls AWS. */
export type Faults = ReturnType<typeof createFaults>

/** `random` answers a number from 0 to below 1, and decides for faults with a rate. */
export function createFaults ({ clock, random }: { clock: Pick<Clock, 'sleep'>, random: () => number }) {
  let faults: Fault[] = []
  let added = 0

  const takeFirst = (isMeant: (fault: Fault) => boolean): Fault | undefined => {
    const fault = faults.find(each => isMeant(each) && (each.rate === undefined || random() < each.rate))
    if (fault?.count !== undefined) fault.count -= 1
    faults = faults.filter(({ count }) => count !== 0)
    return fault
  }

  return {
    add: (fault: Omit<Fault, 'id'>): Fault => {
      const kept = { ...fault, id: `fault-${++added}` }
      faults.push(kept)
      return kept
    },
    list: (): readonly Fault[] => faults,
    clear: (): void => { faults = [] },
    /**
     * Does the work of a call, with what the first fault that hits it does to that, which uses up one of its count: AWS's
     * refusal in place of it, or a wait before. Undefined where the connection is to be dropped, before the work or after.
     */
    around: async <T>({ service, operation, region }: Call, work: () => Promise<T>): Promise<{ output: T } | undefined> => {
      const fault = takeFirst(each => each.kind !== 'fail-resource' &&
        (each.service ?? service) === service && (each.operation ?? operation) === operation && (each.region ?? region) === region)
      const refusal = fault && refusalOf(fault.kind, queryServices.includes(service))
      if (refusal) throw refusal
      if (fault?.kind === 'delay') await clock.sleep(fault.delayMs ?? 0)
      const output = fault?.kind === 'drop-before' ? undefined : { output: await work() }
      return fault?.kind === 'drop-after' ? undefined : output
    },
    /** Why that resource of that stack is to fail, where it is; uses up one of the fault's count. */
    failureOf: (stack: string, logicalId: string): string | undefined => {
      const fault = takeFirst(each => each.kind === 'fail-resource' && (each.stack ?? stack) === stack && each.resource === logicalId)
      return fault && (fault.reason ?? 'The resource was told to fail.')
    }
  }
}

/** Services that speak Query have names of their own for some errors. */
const queryServices: readonly string[] = ['cloudformation', 'rds', 'sts']

function refusalOf (kind: Fault['kind'], isQuery: boolean): AwsError | undefined {
  switch (kind) {
    case 'throttle': return new AwsError(isQuery ? 'Throttling' : 'ThrottlingException', 'Rate exceeded')
    // A region that the account has not enabled knows nobody's credentials (github-unwrapped-2022#34, landing-zone-accelerator-on-aws#269).
    case 'not-enabled': return new AwsError(isQuery ? 'InvalidClientTokenId' : 'UnrecognizedClientException', 'The security token included in the request is invalid.', isQuery ? 403 : 400)
    case 'error-500': return new AwsError('InternalFailure', 'The request processing has failed because of an unknown error, exception or failure.', 500)
    case 'error-503': return new AwsError('ServiceUnavailable', 'The request has failed due to a temporary failure of the server.', 503)
    default: return undefined
  }
}
