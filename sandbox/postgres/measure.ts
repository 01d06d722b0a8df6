import { readFile } from 'node:fs/promises'

/** What a server's processes have used. */
export interface Usage {
  /** Processor time since the server was started, in milliseconds. */
  cpuMs: number
  memoryBytes: number
}

const TICK_MS = 10

/** Measures a server and all its processes. Undefined where the system does not tell (it does on Linux). */
export async function measureUsage (pid: number): Promise<Usage | undefined> {
  try {
    const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').map(Number)
    const others = children.map(async child => await usageOf(child, false).catch(() => ({ cpuMs: 0, memoryBytes: 0 })))
    const usages = await Promise.all([usageOf(pid, true), ...others])
    return { cpuMs: total(usages.map(({ cpuMs }) => cpuMs)), memoryBytes: total(usages.map(({ memoryBytes }) => memoryBytes)) }
  } catch {
    return undefined
  }
}

/**
 * What one process has used, `withEnded` also what its ended children had. Of the fields of proc(5)'s `stat` after the
 * name, 11 and 12 are its own time, 13 and 14 theirs; shared pages count by its share of them.
 */
async function usageOf (pid: number, withEnded: boolean): Promise<Usage> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ').map(Number)
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => ''))?.[1]
  return { cpuMs: total(fields.slice(11, withEnded ? 15 : 13)) * TICK_MS, memoryBytes: Number(kilobytes ?? 0) * 1024 }
}

function total (numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}
