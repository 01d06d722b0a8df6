import pino from 'pino'
import type { Operations } from '../../../sandbox/aws.js'
import { systemClock } from '../../../sandbox/clock.js'
import { createFaults, type Faults } from '../../../sandbox/faults.js'
import { createDispatch } from '../../../sandbox/wire/dispatch.js'
import { startWireServer } from '../../../sandbox/wire/server.js'

interface Wire {
  url: string
  faults: Faults
  logged: string[]
  config: { endpoint: string, region: string, credentials: { accessKeyId: string, secretAccessKey: string }, maxAttempts: number }
}

interface Teardown {
  teardown: (callback: () => Promise<void>) => void
}

/** The wire alone, in front of rooms that a test makes up. */
export async function openWire (test: Teardown, rooms: Record<string, Operations>): Promise<Wire> {
  const logged: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => { logged.push(line) } })
  const faults = createFaults({ clock: systemClock, random: () => 0 })
  const server = await startWireServer({
    host: '127.0.0.1',
    port: 0,
    allowedHosts: [],
    dispatch: createDispatch({ rooms, faults, log }),
    admin: () => undefined,
    log
  })
  test.teardown(async () => { await server.close(0) })
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'any' }
  return { url: server.url, faults, logged, config: { endpoint: server.url, region: 'eu-west-1', credentials, maxAttempts: 1 } }
}
