import type { FailureKind } from '../aws/errors.js'
import type { Meter } from '../aws/metering.js'
import type { Registry } from './registry.js'

/** How a call ended, as far as it matters to whoever looks after the service. */
type Outcome = 'success' | 'throttled' | 'denied' | 'refused' | 'failed' | 'abandoned'

const outcomes: Readonly<Record<FailureKind, Outcome>> = {
  throttled: 'throttled',
  denied: 'denied',
  unavailable: 'failed',
  refused: 'refused',
  quota: 'refused',
  'not-found': 'refused',
  'already-exists': 'refused',
  'token-reused': 'refused'
}

/** A statement may take 45 s. */
const BUCKETS_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 45]

/** Counts the calls of AWS. What the SDK tries again by itself is another call, for AWS counts it so. */
export function measureAwsCalls (registry: Registry): Meter['note'] {
  const callsOf = registry.counters({
    name: 'aurora_api_aws_calls_total',
    help: 'Calls of AWS, each attempt by itself. throttled: too many. denied: the role lacks a permission, ' +
      'or its credentials are not good. refused: any other refusal, also that something is not there. ' +
      'failed: no answer, or an error of AWS. abandoned: the caller hung up.',
    labels: ['service', 'operation', 'region', 'outcome']
  })
  const durationsOf = registry.histograms({
    name: 'aurora_api_aws_call_duration_seconds',
    help: 'How long calls of AWS took, however they ended, without their wait for the budget.',
    labels: ['service', 'operation', 'region']
  }, BUCKETS_SECONDS)
  return ({ service, operation, region }, failure, durationMs) => {
    const outcome = failure === null ? 'success' : failure === 'abandoned' ? failure : outcomes[failure]
    callsOf(service, operation, region, outcome).add()
    durationsOf(service, operation, region).observe(durationMs / 1_000)
  }
}
