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
    const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').map(Number).filter(child => child > 0)
    const ownTicks = cpuTicks(pid, true)
    const othersTicks = children.map(async child => await cpuTicks(child, false).catch(() => 0))
    const ticks = await Promise.all([ownTicks, ...othersTicks])
    const memory = await Promise.all([pid, ...children].map(async process => await memoryBytes(process).catch(() => 0)))
    return { cpuMs: total(ticks) * TICK_MS, memoryBytes: total(memory) }
  } catch {
    return undefined
  }
}

/** The fields of proc(5)'s `stat` after the name: 11 and 12 are the process's own time, 13 and 14 its ended children's. */
async function cpuTicks (pid: number, withEnded: boolean): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ').map(Number)
  return total(fields.slice(11, withEnded ? 15 : 13))
}

/** Shared pages count for each process by its share. */
async function memoryBytes (pid: number): Promise<number> {
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]
  return Number(kilobytes ?? 0) * 1024
}

function total (numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}
