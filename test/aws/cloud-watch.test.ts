import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch'
import { mockClient } from 'aws-sdk-client-mock'
import t from 'tap'

import { createCloudWatch } from '../../src/aws/cloud-watch.js'

const client = new CloudWatchClient({ region: 'eu-west-1' })
const mock = mockClient(client)
t.beforeEach(() => { mock.reset() })
const { capacityOf } = createCloudWatch(() => client)
const NOW = Date.UTC(2026, 10, 24, 16, 30)

t.test('the capacity of a cluster is its latest measurement', async t => {
  mock.on(GetMetricDataCommand)
    .resolvesOnce({ MetricDataResults: [{ Values: [0, 0.5] }] })
    .resolvesOnce({ MetricDataResults: [{ Values: [] }] })
    .resolves({})
  t.equal(await capacityOf('eu-west-1', 'orders', NOW), 0)
  t.match(mock.call(0).args[0].input, {
    StartTime: new Date(NOW - 600_000),
    ScanBy: 'TimestampDescending',
    MetricDataQueries: [{ MetricStat: { Metric: { Namespace: 'AWS/RDS', MetricName: 'ServerlessDatabaseCapacity', Dimensions: [{ Name: 'DBClusterIdentifier', Value: 'orders' }] }, Period: 60 } }]
  })
  t.equal(await capacityOf('eu-west-1', 'orders', NOW), null)
  t.equal(await capacityOf('eu-west-1', 'orders', NOW), null)
})

t.test('a refusal comes in our words', async t => {
  mock.on(GetMetricDataCommand).rejects(Object.assign(new Error('not authorized'), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } }))
  await t.rejects(capacityOf('eu-west-1', 'orders', NOW), { name: 'AwsFailure', kind: 'denied' })
})
