import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchSandbox } from '../test/helpers/sandbox-process.js'

/** Calls `work` with an empty directory, which is gone afterwards. */
export async function inTemporaryDirectory<T> (work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-'))
  try {
    return await work(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Calls `work` while a sandbox runs as a program of its own, on a data directory of its own. */
export async function withSandbox<T> (work: (url: string, dataDir: string) => Promise<T>): Promise<T> {
  return await inTemporaryDirectory(async dataDir => {
    const sandbox = launchSandbox(dataDir)
    try {
      const { url } = await sandbox.up
      return await work(url, dataDir)
    } finally {
      await sandbox.end('SIGTERM')
    }
  })
}
