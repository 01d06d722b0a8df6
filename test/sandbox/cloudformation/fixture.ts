import type { StackEvent } from '@aws-sdk/client-cloudformation'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AwsError, type Caller } from '../../../sandbox/aws.js'
import { type Clock, systemClock } from '../../../sandbox/clock.js'
import { createCloudFormation } from '../../../sandbox/cloudformation/cloudformation.js'
import type { RdsRoom, ResourceHandler, SecretsRoom } from '../../../sandbox/cloudformation/resources/handler.js'
import type { HandlerTable } from '../../../sandbox/cloudformation/resources/handlers.js'
import { openStore } from '../../../sandbox/store.js'

export const caller: Caller = { region: 'us-east-1', account: '000000000000', requestId: 'request' }

/** A room in which nothing may be asked, except what `operations` gives. */
export function roomWith<T extends { operations: object }> (operations: Partial<T['operations']>, rest: Partial<T> = {}): T {
  return { ...rest, operations } as T
}

export interface Lab {
  operations: ReturnType<typeof createCloudFormation>['operations']
  whenIdle: (stackId: string) => Promise<void>
  start: () => Promise<void>
  /** Stops at once, as a killed process does, and starts again on the same data. */
  restart: (handlers?: HandlerTable) => Promise<Lab>
  close: () => Promise<void>
}

interface LabOptions {
  handlers?: HandlerTable
  secrets?: SecretsRoom
  rds?: RdsRoom
  clock?: Clock
}

/** CloudFormation on a store of its own, with fakes for the rooms beside it. */
export function openLab (options: LabOptions = {}, directory = mkdtempSync(join(tmpdir(), 'cloudformation-'))): Lab {
  const store = openStore(directory)
  const room = createCloudFormation({
    store,
    clock: options.clock ?? systemClock,
    durations: { resource: 0 },
    rds: options.rds ?? roomWith<RdsRoom>({}),
    secrets: options.secrets ?? roomWith<SecretsRoom>({}),
    log: { error: () => undefined, info: () => undefined },
    ...(options.handlers ? { handlers: options.handlers } : {})
  })
  return {
    operations: room.operations,
    whenIdle: room.whenIdle,
    start: room.start,
    restart: async handlers => {
      store.close()
      void room.close()
      return openLab({ ...options, ...(handlers ? { handlers } : {}) }, directory)
    },
    close: async () => {
      await room.close()
      store.close()
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

/** A handler that does nothing but keep a list of what it was asked to do. */
export function recordingHandler (log: string[], faults: Partial<Record<'create' | 'update' | 'delete', (logicalId: string) => Promise<void> | void>> = {}): ResourceHandler {
  return {
    create: async (request, initiated) => {
      log.push(`create ${request.logicalId}`)
      initiated(`${request.logicalId}-${request.nonce}`.toLowerCase())
      await faults.create?.(request.logicalId)
      return { Arn: `arn:${request.logicalId}`, Value: request.properties.Value ?? '' }
    },
    update: async request => {
      log.push(`update ${request.logicalId}`)
      await faults.update?.(request.logicalId)
      return { Arn: `arn:${request.logicalId}`, Value: request.properties.Value ?? '' }
    },
    delete: async (request, _physicalId, finalSnapshot) => {
      log.push(`delete ${request.logicalId}${finalSnapshot ? ' with snapshot' : ''}`)
      await faults.delete?.(request.logicalId)
    }
  }
}

export function refusal (message: string): AwsError {
  return new AwsError('InvalidParameterValue', message)
}

/** The stack's events, oldest first, as `LogicalId STATUS reason`. */
export async function eventsOf (lab: Lab, stackName: string): Promise<string[]> {
  return (await allEvents(lab, stackName)).map(event =>
    [event.LogicalResourceId, event.ResourceStatus, event.ResourceStatusReason].filter(Boolean).join(' '))
}

export async function allEvents (lab: Lab, stackName: string): Promise<StackEvent[]> {
  const { StackEvents: events = [] } = await lab.operations.DescribeStackEvents({ StackName: stackName }, caller)
  return [...events].reverse()
}

export async function statusOf (lab: Lab, stackName: string): Promise<string | undefined> {
  const { Stacks: [stack] = [] } = await lab.operations.DescribeStacks({ StackName: stackName }, caller)
  return stack?.StackStatus
}

/** A type with few properties; `Value` can be changed in place, `Name` only by a replacement. */
export const TYPE = 'AWS::SSM::Parameter'

interface Item extends Record<string, unknown> {
  after?: string[]
  value?: unknown
  name?: unknown
}

/** A template of SSM parameters, with what each depends on. */
export function templateOf (resources: Record<string, Item>, rest: object = {}): string {
  return JSON.stringify({
    Resources: Object.fromEntries(Object.entries(resources).map(([logicalId, { after = [], value = 'x', name, ...members }]) =>
      [logicalId, { Type: TYPE, DependsOn: after, Properties: { Type: 'String', Value: value, ...(name ? { Name: name } : {}) }, ...members }])),
    ...rest
  })
}
