import type { Logger } from 'pino'
import type { Clock } from '../clock.js'
import type { Durations } from '../pace.js'
import type { Front } from '../postgres/front.js'
import { measureUsage, type Usage } from '../postgres/measure.js'
import type { Address } from '../postgres/placement.js'
import type { Postgres } from '../postgres/postgres.js'
import { isServing, parametersOf, pauseAfterMs } from './cluster-shape.js'
import type { ClusterRecord, Records } from './records.js'

/**
 * Where a cluster's PostgreSQL stands. `available` takes connections, at most after the moment that `wake` waits for
 * (a server still coming up after a restart of the sandbox); `paused` and `resuming` are auto-pause; `unavailable` is
 * every other status of the cluster (creating, stopped, deleting).
 */
export type DatabaseState = 'available' | 'paused' | 'resuming' | 'unavailable'

/** What every cluster that runs needs. */
export interface Surroundings {
  records: Records
  postgres: Postgres
  clock: Clock
  durations: Durations
  log: Logger
}

export type LiveCluster = ReturnType<typeof createLiveCluster>

const SOCKET = '.s.PGSQL.5432'

/**
 * What runs for a cluster: its address, its server, and the watch that stops the server when nobody uses it. `id` is
 * the resource id, which a cluster keeps for life.
 */
export function createLiveCluster (surroundings: Surroundings, id: string) {
  const { records, postgres, clock, log } = surroundings
  const closing = new AbortController()
  let front: Front | undefined
  let uses = 0
  let lastActivityMs = clock.now()
  let resuming: Promise<void> | undefined
  let watching: AbortController | undefined

  /** The cluster as it is now; undefined once it is gone. */
  const read = (): ClusterRecord | undefined => {
    for (const found of records.clusters.all()) if (found.facts.DbClusterResourceId === id) return found
    return undefined
  }

  const setPaused = (pausedMs: number | undefined): void => {
    const found = read()
    if (found) records.clusters.change(found, {}, { pausedMs })
  }

  const noteActivity = (): void => { lastActivityMs = clock.now() }

  /** Counts as activity until the returned function is called. */
  const hold = (): (() => void) => {
    let isHeld = true
    uses++
    return () => {
      if (!isHeld) return
      isHeld = false
      uses--
      noteActivity()
    }
  }

  const startServer = async (cluster: ClusterRecord): Promise<void> => {
    await postgres.processes.start(id, parametersOf(records, cluster))
  }

  const resume = async (cluster: ClusterRecord): Promise<void> => {
    await Promise.all([clock.sleep(surroundings.durations.resume, closing.signal), startServer(cluster)])
    setPaused(undefined)
    noteActivity()
    watch()
  }

  /** Starts the server where it is down; resolves when it takes connections. Throws while the cluster serves nobody. */
  const wake = async (): Promise<void> => {
    noteActivity()
    const cluster = read()
    if (!cluster || !isServing(records, cluster)) throw new Error(`the cluster takes no connections: ${cluster?.facts.Status ?? 'deleted'}`)
    if (cluster.pausedMs === undefined) return await startServer(cluster)
    resuming ??= resume(cluster).finally(() => { resuming = undefined })
    await resuming
  }

  const pauseWhenIdle = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      const cluster = read()
      const limitMs = cluster && isServing(records, cluster) && cluster.pausedMs === undefined ? pauseAfterMs(records, cluster) : undefined
      if (!cluster || limitMs === undefined) return
      const idleMs = uses > 0 ? 0 : clock.now() - lastActivityMs
      if (idleMs >= limitMs) {
        setPaused(clock.now())
        log.info({ cluster: cluster.facts.DBClusterIdentifier, idleMs }, 'paused')
        return await postgres.processes.stop(id)
      }
      await clock.sleep(limitMs - idleMs, signal)
      signal.throwIfAborted()
    }
  }

  const watch = (): void => {
    watching?.abort()
    const current = new AbortController()
    watching = current
    pauseWhenIdle(current.signal).catch(error => {
      if (!current.signal.aborted) log.error({ err: error as Error }, 'auto-pause failed')
    })
  }

  const upstream = async (): Promise<string> => {
    await wake()
    return `${postgres.processes.accessTo(id).host}/${SOCKET}`
  }

  return {
    /** Listens; the address it had before is tried first. */
    open: async (wanted: Address | undefined, port: number): Promise<Address> => {
      front = await postgres.openFront(wanted, port, { upstream, hold })
      return { host: front.host, port: front.port }
    },
    state: (): DatabaseState => {
      const cluster = read()
      if (!cluster || !isServing(records, cluster)) return 'unavailable'
      if (resuming) return 'resuming'
      return cluster.pausedMs === undefined ? 'available' : 'paused'
    },
    wake,
    hold,
    /** Counts idle time anew, by the cluster's settings of now. */
    watch: (): void => {
      noteActivity()
      watch()
    },
    /** Client connections and Data API calls in progress. */
    uses: (): number => uses,
    traffic: (): ReturnType<Front['traffic']> => front?.traffic() ?? { receivedBytes: 0, sentBytes: 0 },
    usage: async (): Promise<Usage | undefined> => {
      const server = postgres.processes.serverOf(id)
      return server && await measureUsage(server.pid)
    },
    /** Stops listening and cuts connections, to listen at another port. */
    closeFront: async (): Promise<void> => { await front?.close() },
    close: async (): Promise<void> => {
      closing.abort()
      watching?.abort()
      await front?.close()
    }
  }
}
