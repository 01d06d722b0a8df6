import { closeSync, ftruncateSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
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
  close: () => void
}

type Entry = [collection: string, key: string, value?: unknown]

/**
 * Opens the journal in `directory`, one JSON line a change, and replays it. A line is written before `put` returns,
 * so a killed process loses nothing it had answered for; a torn last line was never answered for and is dropped.
 * Throws when another living sandbox has the directory.
 */
export function openStore (directory: string): Store {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const unlock = lock(join(directory, 'sandbox.pid'))
  const file = join(directory, 'journal.jsonl')
  const collections = replay(file)
  rewrite(file, collections)
  const journal = openSync(file, 'a', 0o600)
  const write = (entry: Entry): void => { writeSync(journal, JSON.stringify(entry) + '\n') }

  const rowsOf = (name: string): Map<string, unknown> => {
    const known = collections.get(name)
    if (known) return known
    const rows = new Map<string, unknown>()
    collections.set(name, rows)
    return rows
  }

  return {
    collection: <T>(name: string): Collection<T> => {
      const rows = rowsOf(name) as Map<string, T>
      return {
        get: key => rows.get(key),
        put: (key, value) => {
          write([name, key, value])
          rows.set(key, value)
        },
        delete: key => {
          if (!rows.has(key)) return
          write([name, key])
          rows.delete(key)
        },
        values: () => rows.values(),
        get size () { return rows.size }
      }
    },
    close: () => {
      fsyncSync(journal)
      closeSync(journal)
      unlock()
    }
  }
}

function replay (file: string): Map<string, Map<string, unknown>> {
  const collections = new Map<string, Map<string, unknown>>()
  for (const [name, key, value] of entriesOf(file)) {
    const rows = collections.get(name) ?? new Map<string, unknown>()
    collections.set(name, rows)
    if (value === undefined) rows.delete(key)
    else rows.set(key, value)
  }
  return collections
}

function entriesOf (file: string): Entry[] {
  const lines = readIfThere(file).split('\n')
  const torn = lines.pop()
  const entries = lines.map(line => JSON.parse(line) as Entry)
  if (torn) truncate(file, Buffer.byteLength(lines.map(line => line + '\n').join('')))
  return entries
}

function readIfThere (file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

function truncate (file: string, bytes: number): void {
  const handle = openSync(file, 'r+')
  ftruncateSync(handle, bytes)
  closeSync(handle)
}

/** Leaves one line per living record, so that the journal does not grow from start to start. */
function rewrite (file: string, collections: Map<string, Map<string, unknown>>): void {
  const next = `${file}.next`
  const handle = openSync(next, 'w', 0o600)
  for (const [name, rows] of collections) {
    for (const [key, value] of rows) writeSync(handle, JSON.stringify([name, key, value]) + '\n')
  }
  fsyncSync(handle)
  closeSync(handle)
  renameSync(next, file)
}

function lock (file: string): () => void {
  const holder = Number(readIfThere(file))
  if (holder && holder !== process.pid && isAlive(holder)) {
    throw new Error(`the data directory is in use by another sandbox, process ${holder}; stop it, or set SANDBOX_DATA_DIR to another directory`)
  }
  const handle = openSync(file, 'w', 0o600)
  writeSync(handle, String(process.pid))
  closeSync(handle)
  return () => { rmSync(file, { force: true }) }
}

function isAlive (pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
