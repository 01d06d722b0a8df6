import type { MasterPasswords } from '../../aws/master-passwords.js'
import { Problem } from '../../problems.js'
import { hashOf } from '../naming.js'
import { look, passwordIn, VERSION_PREFIX, type Holder } from './versions.js'

export interface AttemptOptions {
  passwords: MasterPasswords
  newPassword: () => string
}

/** An id is taken when somebody has made an earlier version the current one again; then the next one is tried. */
const ATTEMPTS = 10

/** Makes new passwords, one at a time for each secret. */
export function createAttempt ({ passwords, newPassword }: AttemptOptions) {
  /**
   * Puts a new password into the secret as a version that nobody uses yet. Its id follows from the current version, and a version
   * never changes: of all who ask at once, on whatever replica, one makes it, and the others find it.
   */
  const propose = async (holder: Holder, stages: string[]): Promise<{ versionId: string, isOurs: boolean }> => {
    const { id, region, secretArn } = holder
    let first: string | null = null
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { current, pending } = await look(passwords, holder)
      if (pending !== null) return { versionId: pending, isOurs: false }
      first ??= current
      if (current !== first) return { versionId: current, isOurs: false }
      const value = (await passwords.read(region, secretArn, current))?.value
      if (!value || passwordIn(value) === null) throw new Problem('rotation-refused', `The secret of ${id} is no JSON object with a password.`)
      const versionId = VERSION_PREFIX + hashOf([secretArn, current, attempt])
      // The rest of the secret, such as where the database is, stays with it.
      const version = { id: versionId, value: { ...value, password: newPassword() }, stages }
      if (await passwords.add(region, secretArn, version)) return { versionId, isOurs: true }
    }
    throw new Problem('rotation-refused', `The secret of ${id} has had earlier versions made current again too often: put a new value into it.`)
  }

  return { propose }
}
