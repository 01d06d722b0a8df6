import { createHash } from 'node:crypto'

import { SCOPES, createAuthenticate, type Caller, type Key } from '../../src/access/keys.js'
import type { Stack, StackEvent } from '../../src/aws/stacks.js'

export const REGION = 'eu-west-1'
export const STACK_NAME = 'acme-orders-dev-x7k2mq9a'
export const STACK_ID = stackIdOf(REGION, STACK_NAME)

export function stackIdOf (region: string, name: string, unique = '11111111-2222-3333-4444-555555555555'): string {
  return `arn:aws:cloudformation:${region}:000000000000:stack/${name}/${unique}`
}

/** The tags of a database of `acme` called `orders`. */
export const OWN_TAGS = {
  'aurora-databases:client': 'acme',
  'aurora-databases:name': 'orders',
  'aurora-databases:environment': 'dev',
  'aurora-databases:template': 'aurora-serverless-v2-postgres',
  'aurora-databases:fingerprint': 'abc',
  'aurora-databases:on-failure': 'delete'
}

/** A stack that is done, but for what is said otherwise. */
export function stackOf (facts: Partial<Stack> = {}): Stack {
  return {
    id: STACK_ID,
    name: STACK_NAME,
    region: REGION,
    status: 'CREATE_COMPLETE',
    statusReason: null,
    parameters: {},
    outputs: {},
    exports: [],
    tags: OWN_TAGS,
    terminationProtection: false,
    createdAt: new Date('2026-11-23T09:00:00.000Z'),
    updatedAt: null,
    deletedAt: null,
    operationId: null,
    ...facts
  }
}

let events = 0

/** An event of a resource; of the stack itself when the logical id is its name. */
export function eventOf (logicalId: string, status: string, facts: Partial<StackEvent> = {}): StackEvent {
  const isStack = logicalId === STACK_NAME
  events++
  return {
    id: `event-${events}`,
    at: new Date(Date.UTC(2026, 10, 23, 9, 0, events)),
    logicalId,
    physicalId: isStack ? STACK_ID : null,
    type: isStack ? 'AWS::CloudFormation::Stack' : 'AWS::RDS::DBCluster',
    status,
    reason: null,
    token: 'create-1',
    operationId: null,
    ...facts
  }
}

export function keyOf (token: string, facts: Partial<Key> = {}): Key {
  return { id: `key-${token}`, sha256: createHash('sha256').update(token).digest('hex'), client: '*', scopes: [...SCOPES], regions: ['*'], expiresAt: null, signingSecret: null, ...facts }
}

/** Somebody with every scope for every client in every region, but for what is said otherwise. */
export function principalOf (facts: Partial<Key> = {}): Caller {
  const principal = createAuthenticate([keyOf('token', facts)], () => 0)('token')
  if (!principal) throw new Error('the key has expired')
  return { ...principal, requestId: 'request' }
}
