import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { chown, mkdir, readlink, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isFileError, writeOwned } from './files.js'
import type { ServerUser } from './home.js'
import { configurationOf, HOST_BASED_AUTHENTICATION, type Settings } from './settings.js'

const POLL_MS = 4
const START_TIMEOUT_MS = 60_000
const FAST_STOP_MS = 5000
const IMMEDIATE_STOP_MS = 2000

export interface ServerOptions {
  bin: string
  /** Holds `data`, the server's own directory, and `server.log`. */
  directory: string
  socketDirectory: string
  parameters: Settings
  user: ServerUser | undefined
}

/** A PostgreSQL process that takes connections. */
export interface Server {
  pid: number
  /** Resolves when the process has ended, for whatever reason. */
  exited: Promise<void>
  /** Ends it within {@link FAST_STOP_MS} and a little: connections are cut, what was committed is on disk. */
  stop: () => Promise<void>
}

/**
 * Starts a server and resolves when it takes connections. A server of an earlier run on the same data is stopped
 * first. Throws with the end of the server's log when it does not come up.
 */
export async function startServer (options: ServerOptions): Promise<Server> {
  const data = join(options.directory, 'data')
  await stopOrphan(data)
  await configure(options)
  const log = openSync(join(options.directory, 'server.log'), 'w', 0o600)
  const child = spawn(join(options.bin, 'postgres'), ['-D', data], {
    ...options.user,
    cwd: '/',
    env: { LC_ALL: 'C' },
    detached: true,
    stdio: ['ignore', log, log]
  })
  closeSync(log)
  child.unref()
  const exited = new Promise<void>(resolve => {
    child.once('exit', () => resolve()).once('error', () => resolve())
  })
  await untilReady(child, options.directory)
  const pid = child.pid ?? 0
  return { pid, exited, stop: () => stopProcess(pid, async () => child.exitCode === null && child.signalCode === null) }
}

/** Has a running server read its parameters again. */
export async function reloadServer (server: Server, options: ServerOptions): Promise<void> {
  await configure(options)
  signal(server.pid, 'SIGHUP')
}

/** Stops the server that runs on the data directory, where an earlier run of the sandbox left one. */
export async function stopOrphan (data: string): Promise<void> {
  const pid = Number(readLines(join(data, 'postmaster.pid'))[0])
  if (!(pid > 0)) return
  if (await runsOn(pid, data)) return await stopProcess(pid, async () => await runsOn(pid, data))
  // The file of a process that is no more is PostgreSQL's to judge: it also knows whether a child still lives.
  if (signal(pid, 0)) await rm(join(data, 'postmaster.pid'), { force: true })
}

async function configure (options: ServerOptions): Promise<void> {
  await mkdir(options.socketDirectory, { recursive: true, mode: 0o700 })
  const files = {
    'postgresql.conf': configurationOf(options.socketDirectory, options.parameters),
    'pg_hba.conf': HOST_BASED_AUTHENTICATION,
    'postgresql.auto.conf': ''
  }
  for (const [name, text] of Object.entries(files)) await writeOwned(join(options.directory, 'data', name), text, options.user)
  if (options.user) await chown(options.socketDirectory, options.user.uid, options.user.gid)
}

async function untilReady (child: ChildProcess, directory: string): Promise<void> {
  const deadlineMs = performance.now() + START_TIMEOUT_MS
  for (;;) {
    const [pid, , , , , , , state] = readLines(join(directory, 'data', 'postmaster.pid'))
    if (Number(pid) === child.pid && state?.trim() === 'ready') return
    const hasEnded = child.pid === undefined || child.exitCode !== null || child.signalCode !== null
    if (hasEnded || performance.now() > deadlineMs) {
      child.kill('SIGKILL')
      const lastLines = readLines(join(directory, 'server.log')).slice(-6).join('\n').trim()
      throw new Error(`PostgreSQL ${hasEnded ? 'ended' : 'was not ready in time'}: ${lastLines || 'nothing in its log'}`)
    }
    await wait(POLL_MS)
  }
}

/** Fast shutdown, then an immediate one, then the end. */
async function stopProcess (pid: number, isRunning: () => Promise<boolean>): Promise<void> {
  const steps: Array<[NodeJS.Signals, number]> = [['SIGINT', FAST_STOP_MS], ['SIGQUIT', IMMEDIATE_STOP_MS], ['SIGKILL', IMMEDIATE_STOP_MS]]
  for (const [name, patienceMs] of steps) {
    if (!await isRunning()) return
    signal(pid, name)
    const deadlineMs = performance.now() + patienceMs
    while (await isRunning() && performance.now() < deadlineMs) await wait(POLL_MS)
  }
}

/**
 * A process number may have been given to another program since: a postmaster works in its data directory. One that
 * has ended, and that nobody has asked for yet, works nowhere.
 */
async function runsOn (pid: number, data: string): Promise<boolean> {
  if (process.platform !== 'linux') return signal(pid, 0)
  try {
    return await readlink(`/proc/${pid}/cwd`) === await realpath(data)
  } catch (error) {
    if (isFileError(error, 'ENOENT', 'EACCES', 'ESRCH')) return false
    throw error
  }
}

function signal (pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}

function readLines (file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return []
    throw error
  }
}
