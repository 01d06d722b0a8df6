import { monitorEventLoopDelay } from 'node:perf_hooks'

import type { Registry } from './registry.js'

/** How often the event loop is looked at. A look that comes late is late by what held the loop up. */
const RESOLUTION_MS = 20
const NS_PER_MS = 1_000_000
const NS_PER_SECOND = 1_000_000_000

/** What has to be begun and ended with the service. */
export interface ProcessMetrics { start: () => void, stop: () => void }

/** The process itself, under the names that dashboards for Node.js know. */
export function measureProcess (registry: Registry): ProcessMetrics {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  const lag = (measuredNs: number): number => Math.max(0, measuredNs - RESOLUTION_MS * NS_PER_MS) / NS_PER_SECOND

  const read = (type: 'counter' | 'gauge', name: string, help: string, value: () => number): void => {
    registry.readings(type, { name, help, labels: [] }, () => [[[], value()]])
  }
  read('gauge', 'nodejs_eventloop_lag_p99_seconds', 'How late the event loop was, at most, in 99 of 100 looks since the scrape before.', () => lag(delay.percentile(99)))
  read('gauge', 'nodejs_eventloop_lag_max_seconds', 'How late the event loop was at the worst since the scrape before.', () => {
    const worst = lag(delay.max)
    delay.reset()
    return worst
  })
  read('gauge', 'process_resident_memory_bytes', 'Memory that the process holds.', () => process.memoryUsage.rss())
  read('gauge', 'nodejs_heap_size_used_bytes', 'Memory that objects of JavaScript take.', () => process.memoryUsage().heapUsed)
  read('counter', 'process_cpu_seconds_total', 'Time that the process has had the processor for.', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1_000_000
  })
  read('gauge', 'process_start_time_seconds', 'When the process was started, in seconds since the epoch.', () => Math.round(performance.timeOrigin) / 1_000)

  return { start: () => { delay.enable() }, stop: () => { delay.disable() } }
}
