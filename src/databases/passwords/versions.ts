import { CURRENT, PENDING, type MasterPasswords } from '../../aws/master-passwords.js'
import { Problem } from '../../problems.js'

/** A cluster and the secret with its master password. */
export interface Holder {
  /** Of the database. */
  id: string
  region: string
  clusterArn: string
  secretArn: string
  /** RDS keeps the secret. */
  isManaged?: boolean
}

/** Version ids of ours begin so. */
export const VERSION_PREFIX = 'rotation-'

/** A secret's versions, as far as a rotation needs them. */
export interface Seen {
  stages: ReadonlyMap<string, readonly string[]>
  /** Id of the version that everybody uses. */
  current: string
  /** Id of the version that is to be used next, null while no rotation is under way. */
  pending: string | null
  /** Id of the version with a label. */
  labelled: (label: string) => string | undefined
}

/** Looks at a secret without reading it. Throws a {@link Problem} when its password is not ours to change. */
export async function look (passwords: Pick<MasterPasswords, 'versionsOf'>, { id, region, secretArn }: Holder): Promise<Seen> {
  const refuse = (why: string): Problem => new Problem('rotation-refused', `The secret of ${id} ${why}`)
  const versions = await passwords.versionsOf(region, secretArn)
  if (!versions) throw refuse('no longer exists.')
  if (versions.rotatesItself) throw refuse('is rotated by Secrets Manager, and two that rotate one password would lock each other out.')
  const labelled = (label: string): string | undefined => [...versions.stages].find(([, labels]) => labels.includes(label))?.[0]
  const current = labelled(CURRENT)
  if (current === undefined) throw refuse('has no value.')
  const pending = labelled(PENDING)
  if (pending === undefined || pending === current) return { stages: versions.stages, current, pending: null, labelled }
  // Whoever else rotates would find its own label gone (Secrets Manager moves AWSPENDING to the version that is put last).
  if (!pending.startsWith(VERSION_PREFIX)) throw refuse(`has a version ${pending} that somebody else has made AWSPENDING. Finish that rotation, or take the label off.`)
  return { stages: versions.stages, current, pending, labelled }
}

/** The password in a version of a secret, null when it has none. */
export function passwordIn (value: Readonly<Record<string, unknown>> | null | undefined): string | null {
  const { password } = value ?? {}
  return typeof password === 'string' && password !== '' ? password : null
}
