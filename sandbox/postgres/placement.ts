import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { Logger } from 'pino'
import { isFileError } from './files.js'
import { type Front, type FrontOptions, openFront } from './front.js'

/** Where clusters listen when they cannot have an address each (in a container): one host, a port each. */
export interface PortRange {
  bindHost: string
  first: number
  last: number
}

export interface Address {
  host: string
  port: number
}

const ADDRESSES_PER_NET = 254
const LOOPBACK = '127.0.0.1'

/** Opens a cluster's front on `wanted`, an address it had before, or else on the next free one. */
export type PlaceFront = (wanted: Address | undefined, port: number, options: FrontOptions) => Promise<Front>

/**
 * On Linux every address in 127.0.0.0/8 is the machine itself, so each cluster gets one, 127.77.x.y, and keeps
 * PostgreSQL's port; x comes from the data directory, so that two sandboxes rarely meet. Elsewhere, and where that
 * port is taken on all of them, a cluster gets a free port of 127.0.0.1, and the log says why.
 */
export function createPlacement (dataDir: string, range: PortRange | undefined, log: Logger): PlaceFront {
  const net = createHash('sha256').update(resolve(dataDir)).digest().readUInt8(0)
  return async (wanted, port, options) => {
    for (const { host, port: free } of range ? rangeCandidates(range, wanted) : loopbackCandidates(net, wanted, port)) {
      try {
        return await openFront(host, free, options)
      } catch (error) {
        if (!isFileError(error, 'EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES')) throw error
      }
    }
    if (range) throw new Error(`no free port for a cluster between ${range.first} and ${range.last} on ${range.bindHost}`)
    log.warn(`port ${port} cannot be had on an address of its own (another PostgreSQL on all addresses, or no Linux): the cluster gets a free port of ${LOOPBACK}`)
    return await openFront(LOOPBACK, 0, options)
  }
}

function * rangeCandidates ({ bindHost, first, last }: PortRange, wanted: Address | undefined): Generator<Address> {
  if (wanted && wanted.port >= first && wanted.port <= last) yield { host: bindHost, port: wanted.port }
  for (let port = first; port <= last; port++) yield { host: bindHost, port }
}

function * loopbackCandidates (net: number, wanted: Address | undefined, port: number): Generator<Address> {
  if (wanted && wanted.host.startsWith('127.')) yield wanted
  if (process.platform !== 'linux') return
  for (let last = 1; last <= ADDRESSES_PER_NET; last++) yield { host: `127.77.${net}.${last}`, port }
}
