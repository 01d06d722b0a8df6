import type { Stack } from '../aws/stacks.js'
import { fromTexts, type ParameterValues } from '../templates/parameters.js'
import type { Template } from '../templates/template.js'
import { unwrap } from './operations/cause.js'
import type { Compute } from './compute.js'
import { expiryOf, hasExpired } from './expiry.js'
import { idOf } from './naming.js'
import type { Operation } from './operations/operations.js'
import { phases, type DatabaseStatus } from './phases.js'
import type { Snapshot } from './snapshot.js'
import { adviceFor, type Stuck } from './operations/stuck.js'
import { callersTags, type OwnTags } from './tags.js'

/** References to what the stack made, never values of secrets. */
export interface Outputs {
  stackName: string | null
  clusterName: string | null
  dnsName: string | null
  dbName: string | null
  dbPort: number | null
  clusterArn: string | null
  secretArn: string | null
}

/** One client's database, as the API shows it. It is one CloudFormation stack. */
export interface Database {
  id: string
  client: string
  name: string
  environment: string
  region: string
  template: string
  status: DatabaseStatus
  statusReason: string | null
  parameters: ParameterValues
  outputs: Outputs | null
  /** Null where it was not asked for, and when it is not known. */
  compute: Compute | null
  operation: Operation | null
  /** What a deleted one can come back from. Null where it is not deleted, was not asked for, and when it is not known. */
  snapshots: Snapshot[] | null
  stack: { id: string, name: string, status: string }
  deletionProtection: boolean
  /** When the service deletes it; null for never. */
  expiresAt: Date | null
  /** It is past that, and only there because it is protected. */
  expiryHeld: boolean
  tags: Readonly<Record<string, string>>
  createdAt: Date
  updatedAt: Date | null
}

const nothingStuck: Stuck = { logicalIds: [], reason: null }

/**
 * A stack as a database. `operation` is the latest one, where it is known; `template` null when it was removed since. Without `nowMs`
 * nothing has expired. CloudFormation keeps the outputs of a deleted stack; what they name is gone.
 */
export function toDatabase (
  stack: Stack, own: OwnTags, template: Template | null, operation: Operation | null, stuck = nothingStuck, nowMs = 0
): Database {
  const status = statusOf(stack, operation)
  return {
    id: idOf(stack.region, stack.name),
    client: own.client,
    name: own.name,
    environment: own.environment,
    region: stack.region,
    template: own.template,
    status,
    statusReason: status === 'failed' || status === 'delete_failed' ? reasonOf(stack, operation, stuck) : null,
    parameters: template ? fromTexts(template, stack.parameters) : stack.parameters,
    outputs: stack.status === 'DELETE_COMPLETE' ? null : readOutputs(stack.outputs),
    compute: null,
    operation,
    snapshots: null,
    stack: { id: stack.id, name: stack.name, status: stack.status },
    deletionProtection: stack.terminationProtection,
    expiresAt: expiryOf(own),
    expiryHeld: stack.terminationProtection && hasExpired(own, nowMs),
    tags: callersTags(stack),
    createdAt: stack.createdAt,
    updatedAt: stack.updatedAt
  }
}

/** A create that failed and is being removed, or was, reads `failed`: nobody asked for a deletion. */
function statusOf (stack: Stack, operation: Operation | null): DatabaseStatus {
  const phase = phases[stack.status]
  const undone = phase.type === 'delete' && operation?.type === 'create'
  return undone ? 'failed' : phase.database
}

/** Why it has failed, and what can be done about it where that is not to create it again. */
function reasonOf (stack: Stack, operation: Operation | null, stuck: Stuck): string | null {
  const advice = adviceFor(stack.status, idOf(stack.region, stack.name), stuck)
  const reason = (advice && stuck.reason) ?? operation?.reason ?? (stack.statusReason === null ? null : unwrap(stack.statusReason))
  if (advice === null) return reason
  const isWhole = reason === null || /[.!?]$/.test(reason)
  return `${reason ?? 'CloudFormation does not say why.'}${isWhole ? '' : '.'} ${advice}`
}

function readOutputs (outputs: Readonly<Record<string, string>>): Outputs | null {
  if (Object.keys(outputs).length === 0) return null
  return {
    stackName: outputs.StackName ?? null,
    clusterName: outputs.ClusterName ?? null,
    dnsName: outputs.DNSName ?? null,
    dbName: outputs.DBName ?? null,
    dbPort: outputs.DBPort === undefined ? null : Number(outputs.DBPort),
    clusterArn: outputs.ClusterArn ?? null,
    secretArn: outputs.SecretArn ?? null
  }
}
