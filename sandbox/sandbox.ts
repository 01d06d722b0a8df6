import type { Logger } from 'pino'
import { createAdmin } from './admin.js'
import { type Clock, createMovableClock, systemClock } from './clock.js'
import { createCloudFormation } from './cloudformation/cloudformation.js'
import { createCloudWatch } from './cloudwatch/cloudwatch.js'
import type { SandboxConfig } from './config.js'
import { createFaults, type Faults } from './faults.js'
import { durations } from './pace.js'
import { createRdsData } from './rds-data/rds-data.js'
import { createRds } from './rds/rds.js'
import { createSecretsManager } from './secrets-manager/secrets-manager.js'
import { openStore, type Store } from './store.js'
import { createSts } from './sts/sts.js'
import { createDispatch } from './wire/dispatch.js'
import { startWireServer } from './wire/server.js'

export interface SandboxOptions extends Omit<SandboxConfig, 'logLevel'> {
  log: Logger
  clock?: Clock
  /** From 0 to below 1; decides which calls a fault with a rate hits. */
  random?: () => number
}

/** A running sandbox. */
export interface Sandbox {
  /** The endpoint of every AWS service. */
  url: string
  /** Lets calls in progress finish, stops every database, and keeps what is on disk. */
  close: () => Promise<void>
}

/** Opens the data directory, brings back what is in it, and listens. Rejects when either cannot be had. */
export async function startSandbox (options: SandboxOptions): Promise<Sandbox> {
  const { log, host, port, allowedHosts } = options
  const store = openStore(options.dataDir)
  const clock = createMovableClock(options.clock ?? systemClock, store)
  const faults = createFaults({ clock, random: options.random ?? Math.random })
  const services = createServices(options, { store, clock, faults })
  const closeServices = async (): Promise<void> => {
    await services.close()
    store.close()
  }
  try {
    await services.start()
    const server = await startWireServer({
      host,
      port,
      allowedHosts,
      dispatch: createDispatch({ rooms: services.rooms, faults, log }),
      admin: createAdmin({ faults, services: Object.keys(services.rooms), clock }),
      log
    })
    const close = async (): Promise<void> => {
      await server.close()
      await closeServices()
    }
    return { url: server.url, close }
  } catch (error) {
    await closeServices()
    throw error
  }
}

interface Ground {
  store: Store
  clock: Clock
  faults: Faults
}

/** The services, each made with what it needs of the others. `rooms` has their operations by signing name. */
export function createServices (options: SandboxOptions, { store, clock, faults }: Ground) {
  const { log, dataDir, searchPath, serverlessV1, retiredVersions } = options
  const pace = durations[options.pace]
  const pacing = { ...pace, resume: options.resumeMs ?? pace.resume }
  const secrets = createSecretsManager({ store, clock, log })
  const rds = createRds({
    store,
    clock,
    durations: pacing,
    dataDir,
    secrets: { operations: secrets.operationsOfOwner },
    log,
    searchPath,
    serverlessV1,
    retiredVersions,
    quotas: { clusters: options.clusterQuota },
    ports: options.clusterPorts ? { bindHost: options.host, ...options.clusterPorts } : undefined,
    advertisedHost: options.clusterHost ?? undefined
  })
  secrets.rotateBy('rds', rds.rotateSecret)
  const rdsData = createRdsData({ rds, secrets, clock, log, ...(options.largeRows === 'allowed' ? { limits: { rowBytes: Infinity } } : {}) })
  const cloudFormation = createCloudFormation({
    store,
    clock,
    durations: pacing,
    rds,
    secrets: { operations: secrets.operationsOfCloudFormation },
    log,
    failureOf: faults.failureOf
  })
  const cloudWatch = createCloudWatch({ measure: rds.measure, clock, log })
  return {
    rooms: {
      cloudformation: cloudFormation.operations,
      monitoring: cloudWatch.operations,
      rds: rds.operations,
      'rds-data': rdsData.operations,
      secretsmanager: secrets.operations,
      sts: createSts(clock)
    },
    start: async (): Promise<void> => {
      await rds.start()
      await cloudFormation.start()
      cloudWatch.start()
      secrets.start()
    },
    close: async (): Promise<void> => {
      await secrets.close()
      await cloudWatch.close()
      await cloudFormation.close()
      await rdsData.close()
      await rds.close()
    }
  }
}
