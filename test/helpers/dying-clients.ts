import { createAwsClients, type AwsClients } from '../../src/aws/clients.js'

interface Stack { middlewareStack: { add: (middleware: (next: Next, context: { commandName?: string }) => Next, options: { step: 'initialize', name: string, priority: 'high' }) => void } }
type Next = (args: never) => Promise<never>

/** The clients of a process that dies: after one of its calls to AWS was done, and before the answer was read. */
export interface DyingClients extends AwsClients {
  /** What was called, in order; the last of them killed it, if it is dead. */
  calls: string[]
  isDead: () => boolean
}

/** Dies in the `nth` call of an operation, counted from 1. No call after it happens, whatever still runs; statements do not count. */
export function createDyingClients (operation: string, nth: number): DyingClients {
  const clients = createAwsClients()
  const calls: string[] = []
  let isDead = false
  const known = new Set<unknown>()
  const dying = <Client>(clientFor: (region: string) => Client) => (region: string): Client => {
    const client = clientFor(region)
    if (known.has(client)) return client
    known.add(client)
    ;(client as Stack).middlewareStack.add((next, { commandName = '' }) => async args => {
      if (isDead) throw new Error('the process is dead')
      const name = commandName.replace(/Command$/, '')
      calls.push(name)
      const isLast = name === operation && calls.filter(each => each === operation).length === nth
      const answer = await next(args)
      if (!isLast) return answer
      isDead = true
      throw new Error('the process died')
    }, { step: 'initialize', name: 'dies', priority: 'high' })
    return client
  }
  return {
    cloudFormation: dying(clients.cloudFormation),
    cloudFormationInBackground: dying(clients.cloudFormationInBackground),
    cloudWatch: dying(clients.cloudWatch),
    rds: dying(clients.rds),
    dataApi: clients.dataApi,
    dataApiPosts: clients.dataApiPosts,
    secrets: dying(clients.secrets),
    sts: dying(clients.sts),
    destroy: clients.destroy,
    calls,
    isDead: () => isDead
  }
}
