import { AwsFailure } from '../aws/errors.js'
import type { Clock } from '../clock.js'

/** What is asked of AWS, if it is answered in time. Throws an {@link AwsFailure} when it is not; whatever was asked goes on. */
export async function withDeadline<Value> ({ sleep }: Pick<Clock, 'sleep'>, ms: number, ask: () => Promise<Value>): Promise<Value> {
  const done = new AbortController()
  const late = sleep(ms, done.signal).then(() => { throw new AwsFailure('unavailable', 'DeadlineExceeded', `no answer within ${ms / 1000} s`) })
  try {
    return await Promise.race([ask(), late])
  } finally {
    done.abort()
  }
}
