import type { Principal } from '../../access/keys.js'
import { assertMayCreate } from '../../access/tenancy.js'
import { AwsFailure } from '../../aws/errors.js'
import { isMoving } from '../../aws/stack-status.js'
import type { Stack, Stacks } from '../../aws/stacks.js'
import type { Clock } from '../../clock.js'
import { Problem } from '../../problems.js'
import type { EventLog } from '../../watching/event-log.js'
import type { StackIndex } from '../../watching/stack-index.js'
import { assertToCome } from '../expiry.js'
import { planLaunch, type CreateRequest, type LaunchOptions, type LaunchPlan } from './launch.js'
import { hashOf, idOf } from '../naming.js'
import { phases } from '../phases.js'
import type { Preflight } from './preflight.js'
import { deletionFailed, findRemainder, removeRemainder, type RemovalOptions } from './remainder.js'
import type { Prepare } from './source.js'
import { belongsTo, readOwnTags } from '../tags.js'

/** The stack of a database, and whether this request made it or found it made by an earlier one like it. */
export interface Created { region: string, stackId: string, isReplay: boolean }

export interface CreateOptions extends LaunchOptions, RemovalOptions {
  stacks: RemovalOptions['stacks'] & Pick<Stacks, 'create'>
  events: Pick<EventLog, 'of'>
  index: Pick<StackIndex, 'read'>
  prepare: Prepare
  preflight: Pick<Preflight, 'pass'>
  clock: Pick<Clock, 'now'>
}

/** Between finding no stack and creating one, somebody else may create or delete it: then look again, a few times. */
const ATTEMPTS = 3

/**
 * Creates a database exactly once. AWS's uniqueness of stack names carries it: whoever loses the race, or repeats a request
 * whose answer was lost, finds the stack and holds it against the request by its tags.
 */
export function createCreate (options: CreateOptions) {
  const { stacks, events, index, prepare, preflight, clock, newToken } = options

  return async (principal: Principal, request: CreateRequest, idempotencyKey: string | null): Promise<Created> => {
    assertMayCreate(principal, request)
    const plan = planLaunch(request, scopeKey(principal, idempotencyKey), options)
    const { key: { region }, launch: { stackName } } = plan
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const existing = await stacks.describe(region, stackName)
      if (existing) assertOurs(existing, plan)
      if (existing && !await findRemainder(events, existing)) return replay(existing, plan)
      // Of what is there already it may have come to be past meanwhile: the answer to the request is the same.
      assertToCome(request.expiresAt, clock.now())
      await refuseReusedKey(index, plan)
      const { plan: { launch, ...rest }, found } = await prepare(principal, request, plan)
      await preflight.pass(principal, { ...rest, launch, found, replacesRemainder: existing !== null })
      if (existing) await removeRemainder(options, existing)
      const stackId = await launchOnce(stacks, region, { ...launch, token: `create-${newToken()}` })
      if (!stackId) continue
      return { region, stackId, isReplay: false }
    }
    throw new Problem('database-busy', 'This database is being created and deleted by other requests at the same time.', { retryAfterSeconds: 5 })
  }
}

/** The new stack's id, null when there is one of that name by now. */
export async function launchOnce (
  stacks: Pick<Stacks, 'create'>, region: string, launch: Parameters<Stacks['create']>[1]
): Promise<string | null> {
  try {
    return await stacks.create(region, launch)
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error
    if (error.kind === 'already-exists' || error.kind === 'token-reused') return null
    if (error.kind !== 'refused' && error.kind !== 'quota') throw error
    const path = error.kind === 'quota' ? '/region' : '/parameters'
    throw new Problem('preflight-failed', `CloudFormation refused the stack: ${error.message}`, {
      errors: [{ path, message: error.message }], cause: error
    })
  }
}

/** An `Idempotency-Key` is its sender's own: the same text from a key for another client is another one. */
function scopeKey (principal: Principal, idempotencyKey: string | null): string | null {
  return idempotencyKey === null ? null : hashOf([principal.client ?? '*', idempotencyKey])
}

/**
 * Refuses an `Idempotency-Key` that another database of the region was created with, as far as the index knows them: it may be
 * some seconds behind what other replicas do. What failed or is on its way out does not count.
 */
async function refuseReusedKey (index: Pick<StackIndex, 'read'>, { key: { region }, own, launch }: LaunchPlan): Promise<void> {
  if (own.idempotencyKey === '') return
  const { stacks } = await index.read(region, false)
  const other = stacks.find(stack => stack.name !== launch.stackName && phases[stack.status].type !== 'delete' && phases[stack.status].database !== 'failed' &&
    readOwnTags(stack)?.idempotencyKey === own.idempotencyKey)
  if (other) throw keyReused(idOf(region, other.name))
}

function keyReused (databaseId: string): Problem {
  return new Problem('idempotency-key-reused', `This Idempotency-Key created ${databaseId} with another body.`, { extensions: { databaseId } })
}

/** A stack that happens to have the name is nobody's to adopt or to clear away. */
function assertOurs (existing: Stack, { key }: LaunchPlan): void {
  const own = readOwnTags(existing)
  if (own && belongsTo(own, key)) return
  throw new Problem('database-exists', `The stack ${existing.name} in ${existing.region} was not made for this database.`)
}

/** What the same request sent again gets: the database it made. Any other request is refused. */
function replay (existing: Stack, plan: LaunchPlan): Created {
  const own = readOwnTags(existing)
  const databaseId = idOf(existing.region, existing.name)
  const isSame = own?.fingerprint === plan.own.fingerprint
  const isSameKey = plan.own.idempotencyKey !== '' && own?.idempotencyKey === plan.own.idempotencyKey
  if (isSameKey && !isSame) throw keyReused(databaseId)
  if (existing.status === 'DELETE_FAILED') throw deletionFailed(databaseId)
  if (isGoing(existing)) {
    throw new Problem('database-busy', `${databaseId} is being removed. Send the request again when it is gone.`, { retryAfterSeconds: 10 })
  }
  const isOtherKey = plan.own.idempotencyKey !== '' && own?.idempotencyKey !== '' && !isSameKey
  if (isOtherKey || !isSame) {
    throw new Problem('database-exists', `${plan.key.client} has a database ${plan.key.name} for ${plan.key.environment} in ${plan.key.region} already.`, { extensions: { databaseId } })
  }
  return { region: existing.region, stackId: existing.id, isReplay: true }
}

/** Whether a stack is on its way out: by a deletion, or because its creation failed. */
function isGoing ({ status }: Stack): boolean {
  return isMoving(status) && (phases[status].type === 'delete' || phases[status].database === 'failed')
}
