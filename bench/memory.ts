import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'

const KIB_PER_MIB = 1024

/** The process and every server that works in the directory, each with its share of shared memory (PSS), in MiB. Linux only. */
export function measureMemory (pid: number, directory: string): { sandboxMiB: number, serversMiB: number, servers: number } {
  const root = realpathSync(directory)
  const servers = readdirSync('/proc').filter(name => /^\d+$/.test(name) && workingDirectory(name)?.startsWith(root))
  return { sandboxMiB: pssMiB(String(pid)), serversMiB: servers.reduce((sum, server) => sum + pssMiB(server), 0), servers: servers.length }
}

function workingDirectory (pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return undefined
  }
}

function pssMiB (pid: string): number {
  try {
    const kib = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]
    return Number(kib ?? 0) / KIB_PER_MIB
  } catch {
    return 0
  }
}
