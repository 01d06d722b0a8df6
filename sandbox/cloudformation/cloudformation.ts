import { randomInt, randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { Caller, Operations } from '../aws.js'
import type { Clock } from '../clock.js'
import type { Durations } from '../pace.js'
import type { Store } from '../store.js'
import { createTurns } from '../turns.js'
import { refuseUnheeded } from '../unheeded.js'
import type { EngineContext } from './engine/context.js'
import { createResolver } from './engine/dynamic-references.js'
import { createEngine } from './engine/engine.js'
import { openRecords } from './engine/memory.js'
import { openChangeSets } from './operations/change-set-records.js'
import { createChangeSetOperations } from './operations/change-sets.js'
import { createCreateStack } from './operations/create-stack.js'
import { createDeletionOperations } from './operations/delete-stack.js'
import { createDescriptions } from './operations/describe.js'
import { createRollbackOperations } from './operations/rollback.js'
import { createTemplateOperations } from './operations/templates.js'
import { createUpdateStack } from './operations/update-stack.js'
import type { RdsRoom, SecretsRoom } from './resources/handler.js'
import { createHandlers, type HandlerTable } from './resources/handlers.js'
import { openSpecification } from './specification/specification.js'
import { unheeded } from './unheeded.js'

export interface CloudFormationDependencies {
  store: Store
  clock: Clock
  durations: Pick<Durations, 'resource'>
  rds: RdsRoom
  secrets: SecretsRoom
  log: Pick<Logger, 'error' | 'info'>
  /** For tests: the reason for which the resource of that logical id in that stack is to fail. */
  failureOf?: (stackName: string, logicalId: string) => string | undefined
  /** For tests: handlers in place of those that run databases. */
  handlers?: HandlerTable
}

const NONCE_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

/** CloudFormation: its operations by their AWS names, and what brings stacks in flight to their end after a restart. */
export function createCloudFormation (dependencies: CloudFormationDependencies) {
  const { store, clock, durations, rds, secrets, log } = dependencies
  const records = openRecords(store, clock)
  const context: EngineContext = {
    records,
    clock,
    log,
    specification: openSpecification,
    handlerOf: createHandlers({ rds, secrets, clock, pause: durations }, dependencies.handlers),
    resolve: createResolver(records, secrets),
    failureOf: dependencies.failureOf ?? (() => undefined),
    newId: randomUUID,
    newNonce: () => Array.from({ length: 12 }, () => NONCE_CHARACTERS[randomInt(NONCE_CHARACTERS.length)]).join('')
  }
  const engine = createEngine(context)
  const changeSets = openChangeSets(store, records)
  return {
    operations: refuseUnheeded({
      ...oneByOne({
        CreateStack: createCreateStack(context, engine),
        UpdateStack: createUpdateStack(context, engine),
        ...createDeletionOperations(context, engine),
        ...createRollbackOperations(context, engine),
        ...createChangeSetOperations(context, engine, changeSets)
      }),
      ...createDescriptions(context),
      ...createTemplateOperations(context, changeSets)
    }, unheeded),
    whenIdle: engine.whenIdle,
    start: async (): Promise<void> => {
      for (const stack of records.stacks()) engine.drive(stack.id)
    },
    close: engine.close
  }
}

/** The operations, of which one at a time is done in a region: what it finds of a stack stays true until it has decided. */
function oneByOne<T extends object> (operations: T): T {
  const inTurn = createTurns()
  const turned = Object.entries(operations as Operations).map(([name, run]) =>
    [name, async (input: never, caller: Caller) => await inTurn(caller.region, async () => await run(input, caller))] as const)
  return Object.fromEntries(turned) as unknown as T
}
