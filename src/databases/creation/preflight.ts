import type { Logger } from 'pino'

import type { Principal } from '../../access/keys.js'
import { AwsFailure, type FailureKind } from '../../aws/errors.js'
import type { Clock } from '../../clock.js'
import { Problem, type Finding } from '../../problems.js'
import { withDeadline } from '../deadline.js'
import type { LaunchPlan, Origin } from './launch.js'

/** What of a launch, or of a change, is looked at. */
export interface Launching extends Pick<LaunchPlan, 'key' | 'template' | 'values' | 'launch'> {
  /** Null, or left out, for an empty database. */
  origin?: Pick<Origin, 'masterUsername' | 'snapshotVersion'> | null
  /** Whether the remains of a failed create make room for it. */
  replacesRemainder?: boolean
  /** Whether it is there already, and only changes. */
  isLiving?: boolean
  /** What was found before, to be told with the rest. */
  found?: readonly Finding[]
}

/** One thing that is looked at before a launch. */
export interface Check {
  /** What of the request it is about, as a JSON pointer. */
  path: string
  /** Whether nothing is launched without its answer. Any other check is passed over when AWS does not answer it. */
  isRequired?: boolean
  find: (principal: Principal, launching: Launching) => Promise<Finding[]>
}

/** What stands in the way of a launch, and what could not be looked at. */
export interface Looked { findings: Finding[], warnings: Finding[] }

export interface Preflight {
  /** Looks at everything. Throws `AwsFailure` when a required check has no answer and nothing else stands in the way. */
  look: (principal: Principal, launching: Launching) => Promise<Looked>
  /** The same, but throws a {@link Problem} `preflight-failed` with all findings. */
  pass: (principal: Principal, launching: Launching) => Promise<void>
}

export interface PreflightOptions { checks: readonly Check[], clock: Clock, log: Pick<Logger, 'warn'> }

/** How long all checks together may take. The SDK alone would try for a minute while a region does not answer. */
const DEADLINE_MS = 10_000

/**
 * Looks at what a launch needs, all at once, before anything is spent: CloudFormation would find out only minutes later. A check
 * that AWS does not answer is not a finding: CloudFormation will meet whatever it would have found.
 */
export function createPreflight ({ checks, clock, log }: PreflightOptions): Preflight {
  const look = async (principal: Principal, launching: Launching): Promise<Looked> => {
    const answers = await Promise.all(checks.map(async check => await answerOf(check, async () =>
      await withDeadline(clock, DEADLINE_MS, async () => await check.find(principal, launching)))))
    const findings = [...launching.found ?? [], ...answers.flatMap(({ found }) => found ?? [])]
    const required = answers.find(({ check, failure }) => check.isRequired && failure)
    if (findings.length === 0 && required?.failure) throw required.failure
    const warnings = answers.flatMap(({ check, failure }) => failure ? [{ path: check.path, message: `could not be checked: ${reasons[failure.kind]}` }] : [])
    for (const { check: { path }, failure } of answers) {
      if (failure) log.warn({ err: failure, path, region: launching.key.region }, 'a check before a launch was passed over')
    }
    return { findings, warnings }
  }

  return {
    look,
    pass: async (principal, launching) => {
      const { findings } = await look(principal, launching)
      if (findings.length === 0) return
      throw new Problem('preflight-failed', findings.map(toSentence).join(' '), { errors: findings })
    }
  }
}

/** A message that is no sentence of its own goes on from what it is about. */
function toSentence ({ path, message }: Finding): string {
  return /^[a-z]/.test(message) ? `${path.slice(1).replaceAll('/', '.')} ${message}` : message
}

interface Answer { check: Check, found?: Finding[], failure?: AwsFailure }

async function answerOf (check: Check, find: () => Promise<Finding[]>): Promise<Answer> {
  try {
    return { check, found: await find() }
  } catch (error) {
    if (error instanceof AwsFailure) return { check, failure: error }
    throw error
  }
}

const noAnswer = 'AWS did not answer.'
const reasons: Readonly<Record<FailureKind, string>> = {
  throttled: 'AWS was throttling.',
  denied: 'the role of this service may not ask AWS for it.',
  unavailable: noAnswer,
  refused: noAnswer,
  quota: noAnswer,
  'not-found': noAnswer,
  'already-exists': noAnswer,
  'token-reused': noAnswer
}
