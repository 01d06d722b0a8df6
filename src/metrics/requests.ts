import type { Registry } from './registry.js'

/** Told of requests. A route is its pattern, null where there is none at the path. */
export interface RequestMetrics {
  answered: (method: string, route: string | null, status: number, durationMs: number) => void
  /** Of one whose caller was gone before it had its answer. */
  hungUp: (method: string, route: string | null) => void
}

/** Told of streams of live events. */
export interface LiveStreamMetrics {
  opened: () => void
  closed: () => void
  /** Of one that is cut off because nobody reads it; it is closed besides. */
  dropped: () => void
}

const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60]

/** For paths that no route has: whoever guesses at paths and methods makes one series, and not one for each guess. */
const NONE = 'none'

export function measureRequests (registry: Registry): RequestMetrics {
  const durationsOf = registry.histograms({
    name: 'aurora_api_http_request_duration_seconds',
    help: 'Requests by the pattern of their path, with the time until the last byte of the answer. With Prefer: wait, of live events and of streams that includes what the caller wanted to wait.',
    labels: ['method', 'route', 'status']
  }, BUCKETS_SECONDS)
  const hangUpsOf = registry.counters({
    name: 'aurora_api_http_hang_ups_total',
    help: 'Requests whose caller was gone before the answer was complete. They are not among the durations.',
    labels: ['method', 'route']
  })
  return {
    answered: (method, route, status, durationMs) => {
      durationsOf(route === null ? NONE : method, route ?? NONE, classes[Math.floor(status / 100)] ?? NONE).observe(durationMs / 1_000)
    },
    hungUp: (method, route) => { hangUpsOf(route === null ? NONE : method, route ?? NONE).add() }
  }
}

const classes: Readonly<Record<number, string>> = { 1: '1xx', 2: '2xx', 3: '3xx', 4: '4xx', 5: '5xx' }

export function measureLiveStreams (registry: Registry): LiveStreamMetrics {
  let open = 0
  registry.readings('gauge', { name: 'aurora_api_live_streams', help: 'Streams of live events that are open now.', labels: [] }, () => [[[], open]])
  const dropped = registry.counters({ name: 'aurora_api_live_streams_dropped_total', help: 'Streams of live events that were cut off because nobody read them.', labels: [] })()
  return {
    opened: () => { open++ },
    closed: () => { open-- },
    dropped: () => { dropped.add() }
  }
}
