import * as Sdk from '@aws-sdk/client-cloudformation'
import { AwsError, type OperationsOf } from '../../aws.js'
import { type EngineContext, STACK_TYPE } from '../engine/context.js'
import { exportsIn, importersOf } from '../engine/exports.js'
import { planOf } from '../engine/plan.js'
import type { EventRecord, ResourceRecord, StackRecord } from '../engine/records.js'
import { checkEnum, ifKnown, invalid } from '../template/errors.js'
import { idOf, pageOf, requireStack } from './find-stack.js'
import { toEvent, toResource, toStack } from './views.js'

/** DescribeStackResources answers for this many, and ListStackResources for all. */
const MOST_RESOURCES = 100

/** The operations that read stacks, their events and their resources. */
export function createDescriptions ({ records }: EngineContext) {
  const resourcesOf = (stack: StackRecord): ResourceRecord[] => records.resources.of(stack.id)

  return {
    DescribeStacks: async (input, caller) => {
      if (input.StackName) return { Stacks: [toStack(requireStack(records, input.StackName, caller))] }
      const living = records.stacks(caller.region).filter(({ status }) => status !== 'DELETE_COMPLETE').reverse()
      return pageOf('Stacks', living, input, idOf, toStack)
    },

    ListStacks: async (input, caller) => {
      const wanted = input.StackStatusFilter ?? []
      for (const status of wanted) checkEnum('stackStatusFilter', status, Sdk.StackStatus)
      const stacks = records.stacks(caller.region).filter(({ status }) => wanted.length === 0 || wanted.includes(status)).reverse()
      return pageOf('StackSummaries', stacks, input, idOf, toStack)
    },

    DescribeStackEvents: async (input, caller) => {
      const stack = requireStack(records, input.StackName, caller, 'brackets')
      return pageOf('StackEvents', records.events.of(stack.id).reverse(), input, idOf, event => toEvent(event, stack))
    },

    /** The events of a stack or of one operation, newest first, optionally only those that say what failed. */
    DescribeEvents: async (input, caller) => {
      const { OperationId: wanted } = input
      const stack = wanted === undefined
        ? requireStack(records, input.StackName, caller, 'brackets')
        : stackOfOperation(records.stacks(caller.region), wanted)
      const events = records.events.of(stack.id).reverse()
        .filter(event => (wanted === undefined || wanted === event.operationId) && (!input.Filters?.FailedEvents || isCause(event)))
      return pageOf('OperationEvents', events, input, idOf, event => toOperationEvent(event, stack))
    },

    DescribeStackResources: async (input, caller) => {
      if (input.StackName !== undefined && input.PhysicalResourceId !== undefined) throw invalid('You must specify either StackName or PhysicalResourceId, but not both.')
      const stack = input.PhysicalResourceId === undefined
        ? requireStack(records, input.StackName, caller)
        : ownerOf(records.stacks(caller.region), resourcesOf, input.PhysicalResourceId)
      const { LogicalResourceId: wanted } = input
      const found = resourcesOf(stack).filter(({ logicalId }) => wanted === undefined || logicalId === wanted)
      if (wanted !== undefined && found.length === 0) throw noResource(wanted, stack.name)
      return { StackResources: found.slice(0, MOST_RESOURCES).map(resource => toResource(resource, stack)) }
    },

    DescribeStackResource: async (input, caller) => {
      const stack = requireStack(records, input.StackName, caller, 'quotes')
      const logicalId = input.LogicalResourceId ?? ''
      const resource = records.resources.get(stack.id, logicalId)
      if (!resource) throw noResource(logicalId, input.StackName ?? '')
      const metadata = ifKnown(() => planOf({ records }, stack).metadataOf(logicalId)) ?? {}
      return { StackResourceDetail: { ...toResource(resource, stack), Metadata: JSON.stringify(metadata) } }
    },

    ListStackResources: async (input, caller) => {
      const stack = requireStack(records, input.StackName, caller)
      return pageOf('StackResourceSummaries', resourcesOf(stack), input, ({ logicalId }) => logicalId, resource => toResource(resource, stack))
    },

    ListExports: async (input, caller) =>
      pageOf('Exports', exportsIn(records, caller.region), input, ({ name }) => name, ({ name, value, stackId }) =>
        ({ ExportingStackId: stackId, Name: name, Value: value })),

    /** No stack has a policy: they are refused where they are given. */
    GetStackPolicy: async (input, caller) => {
      requireStack(records, input.StackName, caller)
      return {}
    },

    ListImports: async (input, caller) => {
      const name = input.ExportName ?? ''
      if (!exportsIn(records, caller.region).some(item => item.name === name)) throw invalid(`Export '${name}' does not exist.`)
      const importers = importersOf(records, caller.region, name)
      if (importers.length === 0) throw invalid(`Export '${name}' is not imported by any stack.`)
      return pageOf('Imports', importers, input, idOf, stack => stack.name)
    }
  } satisfies Partial<OperationsOf<typeof Sdk>>
}

function ownerOf (stacks: readonly StackRecord[], resourcesOf: (stack: StackRecord) => ResourceRecord[], physicalId: string): StackRecord {
  const owner = stacks.find(stack => resourcesOf(stack).some(resource => resource.physicalId === physicalId && resource.status !== 'DELETE_COMPLETE'))
  if (!owner) throw invalid(`Stack for ${physicalId} does not exist`)
  return owner
}

function noResource (logicalId: string, stackName: string): Error {
  return invalid(`Resource ${logicalId} does not exist for stack ${stackName}`)
}

function stackOfOperation (stacks: readonly StackRecord[], operationId: string): StackRecord {
  const owner = stacks.find(stack => stack.operations.some(({ id }) => id === operationId))
  if (!owner) throw new AwsError('OperationNotFoundException', `Operation ${operationId} does not exist`, 404)
  return owner
}

function isCause ({ status, type, reason = '' }: EventRecord): boolean {
  return status.endsWith('_FAILED') && type !== STACK_TYPE && !reason.endsWith('cancelled')
}

function toOperationEvent (event: EventRecord, stack: StackRecord): Sdk.OperationEvent {
  const isStack = event.type === STACK_TYPE
  return {
    ...toEvent(event, stack),
    OperationType: event.operationType,
    EventType: isStack ? 'STACK_EVENT' : isCause(event) ? 'PROVISIONING_ERROR' : 'PROGRESS_EVENT',
    OperationStatus: isStack ? operationStatusOf(event.status) : undefined
  }
}

function operationStatusOf (status: string): 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED' {
  if (status.endsWith('_IN_PROGRESS')) return 'IN_PROGRESS'
  return /FAILED|ROLLBACK/.test(status) ? 'FAILED' : 'SUCCEEDED'
}
