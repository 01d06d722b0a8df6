import { CURRENT, PENDING, type MasterPasswords } from '../../aws/master-passwords.js'
import { isMoving } from '../../aws/stack-status.js'
import type { Stack, Stacks } from '../../aws/stacks.js'
import type { Clock } from '../../clock.js'
import { Problem } from '../../problems.js'
import { parseId } from '../naming.js'
import { look, passwordIn, type Holder } from './versions.js'

export interface HandoverOptions {
  stacks: Pick<Stacks, 'describe'>
  passwords: MasterPasswords
  clock: Clock
}

/** How long a cluster may take for a new password. It is some seconds, or until an earlier change is done. */
const PATIENCE_MS = 120_000

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 4_000

/**
 * A cluster can still read `available` right after a change was accepted, so once is not enough: CloudFormation's own handler
 * believes it after three looks in a row too (aws-cloudformation-resource-providers-rds, dbcluster `UpdateHandler`, `Probing`).
 */
const LOOKS_IN_A_ROW = 3

/**
 * Brings the pending password of a secret into the cluster, and then makes it the current one. Each step can be repeated: the
 * cluster is given the same password again, and a label that is where it should be stays there.
 *
 * What others read meanwhile is `AWSCURRENT`: the old password, until the cluster has the new one. CloudFormation reads it too, when an
 * update touches the cluster; it sends a password only if that differs from the one it sent last (same repository, `Translator`,
 * `masterUserPassword(diff(…))`). A template's dynamic reference is compared as the text that it is, so a rotation changes no stack and
 * shows in no change set; the next update that touches the cluster resolves the reference anew, to what the cluster has by then
 * (CloudFormation User Guide, "Get a secret or secret value from Secrets Manager"). Only an update at the very same time could bring
 * the old password back: so none may run, and the label does not move when one has.
 */
export function createHandover ({ stacks, passwords, clock }: HandoverOptions) {
  const underWay = new Map<string, Promise<string | null>>()

  const settledStack = async ({ id, region }: Holder): Promise<Stack> => {
    const stack = await stacks.describe(region, parseId(id)?.stackName ?? '')
    if (!stack || isMoving(stack.status)) throw busy(`${id} is being changed. The new password waits until that is done; send the request again then.`)
    return stack
  }

  /** Waits until the cluster takes a change, as long as `isWanted`. */
  const until = async ({ id }: Holder, isWanted: () => Promise<boolean>, change: () => Promise<boolean>): Promise<void> => {
    const deadline = clock.now() + PATIENCE_MS
    for (let pauseMs = FIRST_PAUSE_MS; await isWanted(); pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      if (await change()) return
      if (clock.now() >= deadline) throw busy(`The cluster of ${id} takes no new password at the moment. Send the request again.`)
      await clock.sleep(pauseMs)
    }
  }

  /** Waits until the cluster is done with its change. */
  const untilSettled = async ({ id, region, clusterArn }: Holder): Promise<void> => {
    const deadline = clock.now() + PATIENCE_MS
    let pauseMs = FIRST_PAUSE_MS
    for (let looks = 0; ;) {
      const { isSettled, managed } = await passwords.stateOf(region, clusterArn)
      looks = isSettled && !managed?.isRotating ? looks + 1 : 0
      if (looks >= LOOKS_IN_A_ROW) return
      if (clock.now() >= deadline) throw busy(`The cluster of ${id} has not taken the new password in time. Send the request again.`)
      pauseMs = looks > 0 ? FIRST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
      await clock.sleep(pauseMs)
    }
  }

  /** Gives the cluster the password of a version of the secret, as long as `isWanted`. */
  const giveTo = async (holder: Holder, versionId: string, isWanted: () => Promise<boolean>): Promise<void> => {
    const { region, secretArn, clusterArn, id } = holder
    const password = passwordIn((await passwords.read(region, secretArn, versionId))?.value)
    if (password === null) throw new Problem('rotation-refused', `The version ${versionId} of the secret of ${id} has no password.`)
    await until(holder, isWanted, async () => await passwords.set(region, clusterArn, password))
    await untilSettled(holder)
  }

  const bringOver = async (holder: Holder): Promise<string | null> => {
    const { region, secretArn } = holder
    const { current, pending } = await look(passwords, holder)
    if (pending === null) return null
    const before = await settledStack(holder)
    await giveTo(holder, pending, async () => (await look(passwords, holder)).current === current)
    const after = await settledStack(holder)
    if (after.id !== before.id || after.updatedAt?.getTime() !== before.updatedAt?.getTime()) {
      throw busy(`${holder.id} was changed at the same time. Send the request again.`)
    }
    if (!await passwords.move(region, secretArn, CURRENT, current, pending)) await agree(holder, pending)
    await passwords.move(region, secretArn, PENDING, pending, null)
    return pending
  }

  /** Another replica has moved the label. When that was to a still newer version, the cluster was given an old password just now. */
  const agree = async (holder: Holder, given: string): Promise<void> => {
    const { current } = await look(passwords, holder)
    if (current !== given) await giveTo(holder, current, async () => true)
  }

  return {
    /** Ends the rotation that is under way, wherever it has come to, and answers the version that is current then; null when none is. */
    finish: async (holder: Holder): Promise<string | null> => {
      const running = underWay.get(holder.secretArn)
      if (running) return await running
      const work = bringOver(holder).finally(() => { underWay.delete(holder.secretArn) })
      underWay.set(holder.secretArn, work)
      return await work
    },

    /** Has RDS rotate the password that it manages, unless it does already, and answers the version that is current then. */
    rotateManaged: async (holder: Holder): Promise<string | null> => {
      const { region, clusterArn, secretArn } = holder
      const { managed } = await passwords.stateOf(region, clusterArn)
      if (!managed?.isRotating) await until(holder, async () => true, async () => await passwords.rotateManaged(region, clusterArn))
      await untilSettled(holder)
      return (await passwords.read(region, secretArn, null))?.id ?? null
    }
  }
}

function busy (detail: string): Problem {
  return new Problem('database-busy', detail, { retryAfterSeconds: 10 })
}
