import type { Logger } from 'pino'
import { AwsError, type Caller } from '../aws.js'
import type { DatabaseAccess, Databases } from '../rds/databases.js'

/**
 * The cluster that a call may use now. Otherwise throws what AWS answers: `HttpEndpointNotEnabledException` also for an
 * ARN that it does not know, `DatabaseNotFoundException` without a writer, and `DatabaseResumingException` for a paused
 * cluster, which the call wakes.
 */
export function reachDatabase (rds: Databases, resourceArn: string, caller: Caller, log: Pick<Logger, 'warn'>): DatabaseAccess {
  const access = rds.databaseOf(resourceArn, caller)
  if (!access?.httpEndpointEnabled) {
    throw new AwsError('HttpEndpointNotEnabledException', `HttpEndpoint is not enabled for resource ${resourceArn}`)
  }
  if (!access.writer) throw new AwsError('DatabaseNotFoundException', 'The DB cluster doesn\'t have a DB instance.')
  if (access.state === 'unavailable') {
    throw new AwsError('InvalidResourceStateException', `The DB cluster is in the ${access.status} state and cannot be used.`)
  }
  if (access.state === 'available') return access
  access.wake().catch((error: unknown) => { log.warn({ err: error, resourceArn }, 'a paused cluster did not start') })
  throw new AwsError('DatabaseResumingException',
    `The Aurora DB instance ${access.writer.arn}|${access.writer.resourceId} is resuming after being auto-paused. Please wait a few seconds and try again.`)
}
