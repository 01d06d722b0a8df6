import { availableParallelism, freemem } from 'node:os'
import type { StandardUnit } from '@aws-sdk/client-cloudwatch'
import type { ClusterMeasurement } from '../rds/measure.js'

/** The metrics of AWS/RDS that are measured here, with their units. */
export const units = {
  ServerlessDatabaseCapacity: 'Count',
  ACUUtilization: 'Percent',
  CPUUtilization: 'Percent',
  FreeableMemory: 'Bytes',
  DatabaseConnections: 'Count',
  NetworkThroughput: 'Bytes/Second',
  NetworkReceiveThroughput: 'Bytes/Second',
  NetworkTransmitThroughput: 'Bytes/Second'
} as const satisfies Record<string, StandardUnit>

export type MetricName = keyof typeof units

/** What has no value at a moment, such as connections to a paused cluster, is absent. */
export type MetricValues = Partial<Record<MetricName, number>>

/** The counters at an earlier moment, of which rates are made. */
export interface Previous {
  atMs: number
  cpuMs: number | undefined
  receivedBytes: number
  sentBytes: number
}

/** An ACU is about 2 GiB of memory and the processor that goes with it: a quarter of a core, by the r6g instances. */
const ACU_BYTES = 2 * 1024 ** 3
const ACU_CORES = 0.25
const ACU_STEP = 0.5

type Usage = Awaited<ReturnType<ClusterMeasurement['usage']>>

const PAUSED: MetricValues = { ServerlessDatabaseCapacity: 0, ACUUtilization: 0, CPUUtilization: 0 }

/**
 * The metrics of a cluster now. While it is paused, capacity and processor are 0 and the rest is absent, as on AWS.
 * Rates need an earlier moment to count from.
 */
export function measureMetrics (
  measured: ClusterMeasurement, usage: Usage, previous: Previous | undefined, atMs: number
): { values: MetricValues, next: Previous } {
  const next = { atMs, cpuMs: usage?.cpuMs, receivedBytes: measured.receivedBytes, sentBytes: measured.sentBytes }
  const isServerless = measured.capacityAcu !== undefined
  if (measured.isPaused) return { values: isServerless ? PAUSED : {}, next }
  if (!usage) return { values: {}, next }
  const seconds = previous ? (atMs - previous.atMs) / 1000 : 0
  const cores = seconds > 0 ? growth(usage.cpuMs, previous?.cpuMs) / 1000 / seconds : 0
  const values = {
    ...loadOf(measured, usage, cores),
    DatabaseConnections: measured.connections,
    ...seconds > 0 ? trafficOf(measured, previous, seconds) : {}
  }
  return { values, next }
}

/** A counter that has become smaller belongs to a server that was started anew. */
function growth (now: number, before: number | undefined): number {
  return before === undefined ? 0 : now < before ? now : now - before
}

function loadOf ({ capacityAcu: least, maxCapacityAcu: most }: ClusterMeasurement, usage: NonNullable<Usage>, cores: number): MetricValues {
  if (least === undefined || most === undefined) {
    return { CPUUtilization: percent(cores / availableParallelism()), FreeableMemory: freemem() }
  }
  const needed = Math.max(usage.memoryBytes / ACU_BYTES, cores / ACU_CORES)
  const capacity = Math.min(most, Math.max(least, Math.ceil(needed / ACU_STEP) * ACU_STEP))
  return {
    ServerlessDatabaseCapacity: capacity,
    ACUUtilization: percent(capacity / most),
    CPUUtilization: percent(cores / (most * ACU_CORES)),
    FreeableMemory: Math.max(0, most * ACU_BYTES - usage.memoryBytes)
  }
}

function trafficOf (measured: ClusterMeasurement, previous: Previous | undefined, seconds: number): MetricValues {
  const received = growth(measured.receivedBytes, previous?.receivedBytes) / seconds
  const sent = growth(measured.sentBytes, previous?.sentBytes) / seconds
  return { NetworkThroughput: received + sent, NetworkReceiveThroughput: received, NetworkTransmitThroughput: sent }
}

function percent (share: number): number {
  return Math.min(100, share * 100)
}
