/** What a server has used and is using at one moment. Counters only grow, until the server is started anew. */
export interface Reading {
  /** Processor time, in milliseconds. */
  cpuMs: number
  memoryBytes: number
  /** Client connections that are open. */
  connections: number
  receivedBytes: number
  sentBytes: number
}

/**
 * A database whose use is measured, as CloudWatch's dimensions name it. A Serverless v1 cluster shows no instance;
 * of other clusters the writer is measured, since it is the one that has a server here.
 */
export interface Meter {
  region: string
  clusterIdentifier: string
  instanceIdentifier: string | undefined
  databaseClass: string
  engine: string
  /** In ACU. */
  minCapacity: number
  maxCapacity: number
  isPaused: boolean
  /** Undefined while no server runs, or where the system does not tell. */
  read: () => Promise<Reading | undefined>
}

/** Where CloudWatch learns of the databases there are at this moment, in every region. */
export interface Meters {
  meters: () => Meter[]
}
