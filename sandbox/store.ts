import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Records of one kind by key, in the order in which their keys were first put. */
export interface Collection<T> {
  get: (key: string) => T | undefined
  /** Durable when it returns. The value must be JSON, and is not to be changed afterwards without another `put`. */
  put: (key: string, value: T) => void
  delete: (key: string) => void
  values: () => IterableIterator<T>
  readonly size: number
}

/** What the sandbox knows, in memory and in a journal on disk. */
export interface Store {
  /** The one collection of that name; `T` is the caller's word for what it holds. */
  collection: <T>(name: string) => Collection<T>
  /** Has what `work` puts and deletes survive a crash all together or not at all; durable when it returns. */
  together: <T>(work: () => T) => T
  close: () => void
}

type Entry = [collection: string, key: string, value?: unknown]
/** An open journal, and how far it is written. */
interface Journal { handle: number, bytes: number }
type Collections = Map<string, Map<string, unknown>>

/** Puts bytes into a file and answers how many went in, which on a full disk are fewer than there were. */
type Write = (handle: number, bytes: Buffer, offset: number, length: number, position: number) => number

/** Out of date records are left in the journal up to this much, and as much again as there is of living ones. */
const SLACK_BYTES = 16 * 1024 * 1024

/**
 * Opens the journal in `directory`, one JSON line a change, and replays it. A line is written before `put` returns,
 * so a killed process loses nothing it had answered for; a torn last line was never answered for and is dropped.
 * A journal that has grown is written anew. Throws when another living sandbox has the directory.
 */
export function openStore (directory: string, slackBytes = SLACK_BYTES, write: Write = writeSync): Store {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const unlock = lock(join(directory, 'sandbox.pid'))
  const file = join(directory, 'journal.jsonl')
  const collections = replay(file)
  let journal = rewrite(file, collections, write)
  let livingBytes = journal.bytes
  let batch: Entry[] | undefined
  let isClosed = false

  /** A line that does not go in whole is taken out again: the next one must begin a line of its own. */
  const writeLine = (line: Entry | Entry[]): void => {
    const bytes = Buffer.from(JSON.stringify(line) + '\n')
    try {
      writeWhole(write, journal, bytes)
    } catch (error) {
      ftruncateSync(journal.handle, journal.bytes)
      throw error
    }
  }
  const compactIfGrown = (): void => {
    if (journal.bytes < 2 * livingBytes + slackBytes) return
    const grown = journal.handle
    journal = rewrite(file, collections, write)
    closeSync(grown)
    livingBytes = journal.bytes
  }
  /** The line comes first: what is in memory may be told to somebody. What is still in flight may end after the store was closed. */
  const change = (entry: Entry, apply: () => void): void => {
    if (isClosed) return
    if (batch) batch.push(entry)
    else writeLine(entry)
    apply()
    if (!batch) compactIfGrown()
  }
  const together = <T>(work: () => T): T => {
    if (batch) return work()
    const entries: Entry[] = batch = []
    try {
      return work()
    } finally {
      batch = undefined
      if (entries.length > 0) writeLine(entries)
      compactIfGrown()
    }
  }

  return {
    collection: <T>(name: string): Collection<T> => {
      const rows = rowsOf(collections, name) as Map<string, T>
      return {
        get: key => rows.get(key),
        put: (key, value) => { change([name, key, value], () => rows.set(key, value)) },
        delete: key => { if (rows.has(key)) change([name, key], () => rows.delete(key)) },
        values: () => rows.values(),
        get size () { return rows.size }
      }
    },
    together,
    close: () => {
      isClosed = true
      fsyncSync(journal.handle)
      closeSync(journal.handle)
      unlock()
    }
  }
}

function rowsOf (collections: Collections, name: string): Map<string, unknown> {
  const rows = collections.get(name) ?? new Map<string, unknown>()
  collections.set(name, rows)
  return rows
}

function replay (file: string): Collections {
  const collections: Collections = new Map()
  let lines = 0
  for (const line of linesOf(file)) {
    const parsed = parseLine(line, `line ${++lines} of ${file}`)
    for (const [name, key, value] of isBatch(parsed) ? parsed : [parsed]) {
      const rows = rowsOf(collections, name)
      if (value === undefined) rows.delete(key)
      else rows.set(key, value)
    }
  }
  return collections
}

function parseLine (line: string, place: string): Entry | Entry[] {
  try {
    return JSON.parse(line) as Entry | Entry[]
  } catch {
    throw new Error(`${place} is damaged; take the line out to start without what it says, or move the file away to start with nothing`)
  }
}

function isBatch (line: Entry | Entry[]): line is Entry[] {
  return typeof line[0] !== 'string'
}

/** The whole lines of a file, one by one: a journal may be longer than a string can be. */
function * linesOf (file: string): Generator<string> {
  const bytes = readIfThere(file)
  for (let start = 0, end = bytes.indexOf('\n'); end >= 0; start = end + 1, end = bytes.indexOf('\n', start)) yield bytes.toString('utf8', start, end)
}

/** Leaves one line per living record, and opens the journal to be written on. The one before stays as it is when it fails. */
function rewrite (file: string, collections: Collections, write: Write): Journal {
  const next = `${file}.next`
  const journal = { handle: openSync(next, 'w', 0o600), bytes: 0 }
  try {
    for (const [name, rows] of collections) {
      const lines = [...rows].map(([key, value]) => `${JSON.stringify([name, key, value])}\n`)
      writeWhole(write, journal, Buffer.from(lines.join('')))
    }
    fsyncSync(journal.handle)
    renameSync(next, file)
    return journal
  } catch (error) {
    closeSync(journal.handle)
    rmSync(next, { force: true })
    throw error
  }
}

function writeWhole (write: Write, journal: Journal, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += write(journal.handle, bytes, done, bytes.length - done, journal.bytes + done)
  journal.bytes += bytes.length
}

/** The file has the number of the process that has the directory, and when that was started, as far as the system tells. */
function lock (file: string): () => void {
  const [holder = 0, since] = readIfThere(file).toString().split(' ').map(Number)
  if (holder && holder !== process.pid && isRunning(holder, since)) {
    throw new Error(`the data directory is in use by another sandbox, process ${holder}; stop it, or set SANDBOX_DATA_DIR to another directory`)
  }
  writeFileSync(file, [process.pid, startOf(process.pid)].join(' ').trim(), { mode: 0o600 })
  return () => { rmSync(file, { force: true }) }
}

/** Whether the process runs. A number may have been given to another program since, which was started at another time. */
function isRunning (pid: number, since: number | undefined): boolean {
  const started = startOf(pid)
  if (process.platform === 'linux') return started !== undefined && (since ?? started) === started
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** When a process was started, in ticks since boot; undefined for one that has ended, and where there is no `/proc` (proc(5), stat). */
function startOf (pid: number): number | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`).toString()
  // The name of the program comes second, in brackets, and may have spaces.
  const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return stat === '' || state === 'Z' || state === 'X' ? undefined : Number(fields[18])
}

function readIfThere (file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return Buffer.alloc(0)
    throw error
  }
}
