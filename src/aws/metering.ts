import { toFailure, type FailureKind } from './errors.js'

/** One attempt at a call of AWS. `subject` is the name of the stack or cluster that it is about, empty when it is about none. */
export interface AwsCall { service: string, region: string, operation: string, subject: string }

/** Whom a client's calls have to ask, and tell. */
export interface Meter {
  /** Resolves when the call may be made. What it throws is thrown in place of the call. */
  admit?: (call: AwsCall) => Promise<void>
  /** Told of each call that was made, how it failed, if it did, and how long it took. `abandoned`: we hung up. */
  note: (call: AwsCall, failure: FailureKind | 'abandoned' | null, durationMs: number) => void
}

type Send<Arguments, Result> = (args: Arguments) => Promise<Result>

/** A middleware of the SDK, around the one that comes next. */
type Attempt = <Arguments extends { input: object }, Result>(
  next: Send<Arguments, Result>,
  context: { commandName?: string }
) => Send<Arguments, Result>

const place = { name: 'meterAttempts', relation: 'after', toMiddleware: 'retryMiddleware', override: true } as const

/** What every client of the SDK has. */
interface Client {
  middlewareStack: { addRelativeTo (middleware: Attempt, options: typeof place): void }
}

/**
 * The clients of a service, with a meter before every attempt: what the SDK tries again by itself counts as another call, for AWS counts
 * it so. Of two meters on one client the later one counts.
 */
export function meterCalls<Of extends Client> (service: string, clientFor: (region: string) => Of, meter: Meter): (region: string) => Of {
  const metered = new WeakSet<Of>()
  return region => {
    const client = clientFor(region)
    if (metered.has(client)) return client
    metered.add(client)
    client.middlewareStack.addRelativeTo(meterAttempts(service, region, meter), place)
    return client
  }
}

function meterAttempts (service: string, region: string, { admit, note }: Meter): Attempt {
  return (next, { commandName = '' }) => async args => {
    const call = { service, region, operation: commandName.replace(/Command$/, ''), subject: subjectOf(args.input) }
    await admit?.(call)
    const startedAt = performance.now()
    try {
      const result = await next(args)
      note(call, null, performance.now() - startedAt)
      return result
    } catch (error) {
      note(call, toFailure(error).kind, performance.now() - startedAt)
      throw error
    }
  }
}

/** A stack is called by its name or by its id, in which the name is; a cluster by its identifier or its ARN, which ends with it. */
function subjectOf (input: object): string {
  if ('StackName' in input && typeof input.StackName === 'string') return input.StackName.split('/')[1] ?? input.StackName
  if ('DBClusterIdentifier' in input && typeof input.DBClusterIdentifier === 'string') return input.DBClusterIdentifier.split(':').at(-1) ?? ''
  return ''
}
