import { createHash } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** The user that servers run as. */
export interface ServerUser {
  uid: number
  gid: number
}

/** Where the servers keep their files, and as whom they run. */
export interface Home {
  /** Clusters, snapshots, templates and copied binaries; `user` can pass through it. */
  directory: string
  /** Sockets: short, because the name of a unix socket may have about 100 bytes. */
  sockets: string
  /** Whether `directory` is apart from the data directory. */
  isApart: boolean
  /** Absent: servers run as the sandbox itself does. */
  user: ServerUser | undefined
}

/**
 * Finds a home for the servers of a data directory. PostgreSQL refuses to run as root, so root's servers run as
 * `nobody`; a data directory that `nobody` cannot reach (under /root) gets a home in /var/tmp instead, the same one
 * at every start. Throws when a directory of that name is somebody else's.
 */
export function openHome (dataDir: string): Home {
  const path = resolve(dataDir)
  const name = `aurora-sandbox-${createHash('sha256').update(path).digest('hex').slice(0, 12)}`
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const sockets = claimDirectory(join('/tmp', name))
  if (process.getuid?.() !== 0) return { directory: path, sockets, isApart: false, user: undefined }
  const user = nobody()
  if (!isReachable(dirname(path))) return { directory: claimDirectory(join('/var/tmp', name)), sockets, isApart: true, user }
  openToPassage(path)
  return { directory: path, sockets, isApart: false, user }
}

/** Whether every user can pass through the directory and all above it. */
export function isReachable (directory: string): boolean {
  const parent = dirname(directory)
  return (statSync(directory).mode & 0o001) !== 0 && (parent === directory || isReachable(parent))
}

/** Makes the directory of a fixed name, or takes the one there if it is ours and nobody else can write to it. */
function claimDirectory (path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o711 })
  const found = lstatSync(path)
  const isOurs = found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0
  if (!isOurs) throw new Error(`${path} is needed for PostgreSQL's files, and belongs to somebody else: remove it, or set SANDBOX_DATA_DIR to another directory`)
  openToPassage(path)
  return path
}

/** Lets others through to what is open to them inside, without letting them list it. */
function openToPassage (directory: string): void {
  const mode = statSync(directory).mode & 0o777
  if ((mode & 0o011) !== 0o011) chmodSync(directory, mode | 0o011)
}

function nobody (): ServerUser {
  const line = readFileSync('/etc/passwd', 'utf8').split('\n').find(entry => entry.startsWith('nobody:'))
  const [, , uid = '65534', gid = '65534'] = line?.split(':') ?? []
  return { uid: Number(uid), gid: Number(gid) }
}
