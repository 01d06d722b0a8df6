import t from 'tap'

import type { StackEvent } from '../../../src/aws/stacks.js'
import { findCause, unwrap } from '../../../src/databases/operations/cause.js'
import { eventOf, STACK_NAME } from '../../helpers/facts.js'

const failed = (logicalId: string, reason: string, status = 'CREATE_FAILED'): StackEvent => eventOf(logicalId, status, { reason })
const ofStack = (status: string, reason: string | null): StackEvent => eventOf(STACK_NAME, status, { reason })
const started = ofStack('CREATE_IN_PROGRESS', 'User Initiated')
const retired = 'Resource handler returned message: "The engine mode serverless you requested is currently unavailable. (Service: Rds, Status Code: 400, Request ID: 0e03048b-1111-2222-3333-444444444444)" (RequestToken: 3761f6c0-1111-2222-3333-444444444444, HandlerErrorCode: InvalidRequest)'

const histories: Array<[what: string, events: StackEvent[], cause: string | null]> = [
  ['nothing failed', [started, eventOf('AuroraCluster', 'CREATE_COMPLETE'), ofStack('CREATE_COMPLETE', null)], null],
  ['a deletion that somebody asked for', [ofStack('DELETE_IN_PROGRESS', 'User Initiated'), eventOf('AuroraCluster', 'DELETE_COMPLETE')], null],
  ["a handler's message, without its wrapping", [started, failed('AuroraCluster', retired), ofStack('ROLLBACK_IN_PROGRESS', 'The following resource(s) failed to create: [AuroraCluster]. Rollback requested by user.')],
    'AuroraCluster could not be created: The engine mode serverless you requested is currently unavailable.'],
  ['the first real one, not what was cancelled before it was told', [
    started,
    failed('MasterSecret', 'Resource creation cancelled'),
    failed('AuroraCluster', 'Secrets Manager can\'t find the specified secret. (Service: AWSSecretsManager; Status Code: 400; Error Code: ResourceNotFoundException; Request ID: 1; Proxy: null)'),
    failed('AuroraWriter', 'something later')
  ], "AuroraCluster could not be created: Secrets Manager can't find the specified secret."],
  ['a missing export, which no resource has', [started, ofStack('ROLLBACK_IN_PROGRESS', 'No export named network-DBSubnetGroupName found. Rollback requested by user.')],
    'No export named network-DBSubnetGroupName found.'],
  ['the same when the stack is removed after it', [started, ofStack('DELETE_IN_PROGRESS', 'No export named network-DBSubnetGroupName found. Delete requested by user.')],
    'No export named network-DBSubnetGroupName found.'],
  ['an update', [failed('AuroraCluster', 'Cannot change it', 'UPDATE_FAILED')], 'AuroraCluster could not be updated: Cannot change it'],
  ['a deletion', [failed('AuroraCluster', 'Cannot delete protected Cluster, please disable deletion protection and try again.', 'DELETE_FAILED')],
    'AuroraCluster could not be deleted: Cannot delete protected Cluster, please disable deletion protection and try again.'],
  ['only a list of what failed', [ofStack('CREATE_FAILED', 'The following resource(s) failed to create: [A]. ')], null]
]
for (const [what, events, cause] of histories) {
  t.test(what, async t => { t.equal(findCause(events), cause) })
}

t.test('a nested stack is a resource like any other', async t => {
  const nested: StackEvent = eventOf('Network', 'CREATE_FAILED', { type: 'AWS::CloudFormation::Stack', physicalId: 'arn:aws:cloudformation:eu-west-1:000000000000:stack/acme-Network-1/2', reason: 'Embedded stack failed' })
  t.equal(findCause([started, nested]), 'Network could not be created: Embedded stack failed')
})

t.test('wrappings', async t => {
  const wrapped: Array<[reason: string, inner: string]> = [
    ['plain', 'plain'],
    ['Resource handler returned message: "a "quoted" word" (RequestToken: 1, HandlerErrorCode: X)', 'a "quoted" word'],
    ['Resource handler returned message: "two\nlines (Service: Rds, Status Code: 400, Request ID: 1) (SDK Attempt Count: 1)" (RequestToken: 1, HandlerErrorCode: X)', 'two\nlines'],
    ['DB cluster quota exceeded (Service: AmazonRDS; Status Code: 400; Error Code: X; Request ID: 1; Proxy: null)', 'DB cluster quota exceeded']
  ]
  for (const [reason, inner] of wrapped) t.equal(unwrap(reason), inner)
})
