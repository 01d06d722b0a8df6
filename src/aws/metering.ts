import type { CloudFormationClient } from '@aws-sdk/client-cloudformation'

import { toFailure, type AwsFailure } from './errors.js'

/** One attempt at a call of AWS. `subject` is the name of the stack that it is about, empty when it is about none. */
export interface AwsCall { region: string, operation: string, subject: string }

/** Whom a client's calls have to ask, and tell. */
export interface Meter {
  /** Resolves when the call may be made. What it throws is thrown in place of the call. */
  admit: (call: AwsCall) => Promise<void>
  /** Told of each call that was made, and how it failed, if it did. */
  note: (call: AwsCall, failure: AwsFailure | null) => void
}

/**
 * The clients, with a meter before every attempt: what the SDK tries again by itself counts as another call, for AWS counts it so.
 * Of two meters on one client the later one counts.
 */
export function meterCalls (clientFor: (region: string) => CloudFormationClient, meter: Meter): (region: string) => CloudFormationClient {
  const metered = new WeakSet<CloudFormationClient>()
  return region => {
    const client = clientFor(region)
    if (metered.has(client)) return client
    metered.add(client)
    client.middlewareStack.addRelativeTo(meterAttempts(region, meter), { name: 'meterAttempts', relation: 'after', toMiddleware: 'retryMiddleware', override: true })
    return client
  }
}

function meterAttempts (region: string, { admit, note }: Meter) {
  return <Arguments extends { input: object }, Result> (next: (args: Arguments) => Promise<Result>, { commandName = '' }: { commandName?: string }) =>
    async (args: Arguments): Promise<Result> => {
      const call = { region, operation: commandName.replace(/Command$/, ''), subject: subjectOf(args.input) }
      await admit(call)
      try {
        const result = await next(args)
        note(call, null)
        return result
      } catch (error) {
        note(call, toFailure(error))
        throw error
      }
    }
}

/** A stack is called by its name or by its id, in which the name is. */
function subjectOf (input: object): string {
  const name = 'StackName' in input && typeof input.StackName === 'string' ? input.StackName : ''
  return name.split('/')[1] ?? name
}
