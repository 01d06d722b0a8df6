import type { Logger } from 'pino'
import { createAdmin } from './admin.js'
import { systemClock, type Clock } from './clock.js'
import { createCloudWatch } from './cloudwatch/cloudwatch.js'
import type { SandboxConfig } from './config.js'
import { createCloudFormation } from './cloudformation/cloudformation.js'
import { createFaults } from './faults.js'
import { durations } from './pace.js'
import { createRdsData } from './rds-data/rds-data.js'
import { createRds } from './rds/rds.js'
import { createSecretsManager } from './secrets-manager/secrets-manager.js'
import { openStore } from './store.js'
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
  const { log, clock = systemClock, random = Math.random, dataDir } = options
  const store = openStore(dataDir)
  const secrets = createSecretsManager({ store, clock })
  const pacing = durations[options.pace]
  const rds = createRds({
    store,
    clock,
    durations: pacing,
    dataDir,
    secrets,
    log,
    searchPath: options.searchPath,
    serverlessV1: options.serverlessV1,
    quotas: { clusters: options.clusterQuota },
    ports: options.clusterPorts ? { bindHost: options.host, ...options.clusterPorts } : undefined,
    advertisedHost: options.clusterHost ?? undefined
  })
  const rdsData = createRdsData({ rds, secrets, clock, log })
  const cloudFormation = createCloudFormation({ store, clock, durations: pacing, rds, secrets, log })
  const cloudWatch = createCloudWatch({ measure: rds.measure, clock, log })
  const rooms = {
    cloudformation: cloudFormation.operations,
    rds: rds.operations,
    'rds-data': rdsData.operations,
    monitoring: cloudWatch.operations,
    secretsmanager: secrets.operations,
    sts: createSts().operations
  }
  const faults = createFaults({ clock, random })
  await rds.start()
  await cloudFormation.start()
  cloudWatch.start()
  const server = await startWireServer({
    host: options.host,
    port: options.port,
    allowedHosts: options.allowedHosts,
    dispatch: createDispatch({ rooms, faults, log }),
    admin: createAdmin({ faults, services: Object.keys(rooms) }),
    log
  })
  return {
    url: server.url,
    close: async () => {
      await server.close()
      await cloudWatch.close()
      await cloudFormation.close()
      await rdsData.close()
      await rds.close()
      store.close()
    }
  }
}
