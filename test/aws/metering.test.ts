import { CloudFormationClient, DescribeStackEventsCommand, DescribeStacksCommand, ListExportsCommand } from '@aws-sdk/client-cloudformation'
import { DescribeDBClustersCommand, RDSClient } from '@aws-sdk/client-rds'
import t from 'tap'

import { meterCalls, type AwsCall, type Meter } from '../../src/aws/metering.js'

/** A client whose requests go nowhere: each is answered with the status at hand. */
function createMetered (answers: Array<{ statusCode: number, body: string }>, admit: (call: AwsCall) => Promise<void> = async () => {}) {
  const sent: string[] = []
  const admitted: AwsCall[] = []
  const noted: Array<Parameters<Meter['note']>[1]> = []
  const client = new CloudFormationClient({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    requestHandler: {
      handle: async (request: { body: string }) => {
        sent.push(new URLSearchParams(request.body).get('Action') ?? '')
        const { statusCode, body } = answers.shift() ?? { statusCode: 200, body: '' }
        return { response: { statusCode, headers: { 'content-type': 'text/xml' }, body: new TextEncoder().encode(body) } as never }
      },
      updateHttpClientConfig: () => {},
      httpHandlerConfigs: () => ({}),
      destroy: () => {}
    }
  })
  const clientFor = meterCalls('cloudformation', () => client, {
    admit: async call => {
      admitted.push(call)
      await admit(call)
    },
    note: (_call, failure, durationMs) => {
      noted.push(failure)
      if (!(durationMs >= 0)) throw new Error('it took no time that can be told')
    }
  })
  return { client: () => clientFor('eu-west-1'), sent, admitted, noted }
}

const ok = { statusCode: 200, body: '<ListExportsResponse><ListExportsResult><Exports/></ListExportsResult></ListExportsResponse>' }
const throttled = { statusCode: 400, body: '<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>' }

t.test('every attempt asks and tells, also those that the SDK makes by itself', async t => {
  const { client, sent, admitted, noted } = createMetered([throttled, ok])
  client()
  await client().send(new ListExportsCommand({}))
  t.strictSame(sent, ['ListExports', 'ListExports'])
  const call = { service: 'cloudformation', region: 'eu-west-1', operation: 'ListExports', subject: '' }
  t.strictSame(admitted, [call, call])
  t.strictSame(noted, ['throttled', null])
})

t.test('a stack is the same by its name and by its id', async t => {
  const { client, admitted } = createMetered([])
  await client().send(new DescribeStacksCommand({ StackName: 'one' }))
  await client().send(new DescribeStackEventsCommand({ StackName: 'arn:aws:cloudformation:eu-west-1:000000000000:stack/one/11111111' }))
  t.strictSame(admitted.map(({ subject }) => subject), ['one', 'one'])
})

t.test('what is not admitted is not sent, and not tried again', async t => {
  const { client, sent, admitted, noted } = createMetered([], async () => { throw new TypeError('not now') })
  await t.rejects(client().send(new ListExportsCommand({})), { message: 'not now' })
  t.strictSame([sent, noted, admitted.length], [[], [], 1])
})

t.test('a cluster is the same by its identifier and by its ARN, and whoever need not ask is told all the same', async t => {
  const calls: AwsCall[] = []
  const requestHandler = {
    handle: async () => { throw new Error('no way') },
    updateHttpClientConfig: () => {},
    httpHandlerConfigs: () => ({}),
    destroy: () => {}
  }
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
  const rds = new RDSClient({ region: 'eu-west-1', maxAttempts: 1, credentials, requestHandler })
  const client = meterCalls('rds', () => rds, { note: call => { calls.push(call) } })('eu-west-1')
  for (const DBClusterIdentifier of ['one', 'arn:aws:rds:eu-west-1:000000000000:cluster:one']) await t.rejects(client.send(new DescribeDBClustersCommand({ DBClusterIdentifier })))
  t.strictSame(calls, Array(2).fill({ service: 'rds', region: 'eu-west-1', operation: 'DescribeDBClusters', subject: 'one' }))
})
