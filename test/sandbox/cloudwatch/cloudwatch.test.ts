import t from 'tap'
import type { Caller } from '../../../sandbox/aws.js'
import { createCloudWatch, type CloudWatch } from '../../../sandbox/cloudwatch/cloudwatch.js'
import type { ClusterMeasurement } from '../../../sandbox/rds/measure.js'

const caller: Caller = { region: 'eu-west-1', account: '000000000000', requestId: 'request' }
const GIB = 1024 ** 3
const start = Date.UTC(2026, 10, 1, 12)

interface Lab extends CloudWatch {
  clock: { ms: number }
  cluster: Omit<ClusterMeasurement, 'usage'>
  used: { cpuMs: number, memoryBytes: number }
  /** Measures at that many seconds after the start. */
  at: (seconds: number) => Promise<void>
  values: (metric: string, stat?: string, dimensions?: Array<{ Name: string, Value: string }>) => Promise<number[]>
}

const ofCluster = [{ Name: 'DBClusterIdentifier', Value: 'orders' }]

/** CloudWatch over one cluster that a test makes up, with a clock that a test moves. */
function openLab (): Lab {
  const clock = { ms: start }
  const used = { cpuMs: 0, memoryBytes: GIB }
  const cluster = {
    region: 'eu-west-1',
    identifier: 'orders',
    engine: 'aurora-postgresql',
    instances: [{ identifier: 'orders-1', instanceClass: 'db.serverless', isWriter: true }],
    connections: 3,
    receivedBytes: 0,
    sentBytes: 0,
    isPaused: false,
    capacityAcu: 0.5,
    maxCapacityAcu: 4
  }
  const room = createCloudWatch({
    measure: () => [{ ...cluster, usage: async () => cluster.isPaused ? undefined : { ...used } }],
    clock: { now: () => clock.ms, sleep: async () => undefined },
    log: { error: () => { t.fail() } }
  })
  return {
    ...room,
    clock,
    cluster,
    used,
    at: async seconds => {
      clock.ms = start + seconds * 1000
      await room.operations.ListMetrics({}, caller)
    },
    values: async (MetricName, Stat = 'Average', Dimensions = ofCluster) => {
      const { MetricDataResults } = await room.operations.GetMetricData({
        StartTime: new Date(start),
        EndTime: new Date(clock.ms + 1),
        ScanBy: 'TimestampAscending',
        MetricDataQueries: [{ Id: 'a', MetricStat: { Metric: { Namespace: 'AWS/RDS', MetricName, Dimensions }, Period: 60, Stat } }]
      }, caller)
      return MetricDataResults?.[0]?.Values ?? []
    }
  }
}

t.test('metrics are made of what the server used and of what went through its address', async t => {
  const { at, values, cluster, used } = openLab()
  await at(0)
  used.cpuMs = 15_000
  Object.assign(cluster, { receivedBytes: 600, sentBytes: 5400, connections: 5 })
  await at(60)
  t.same(await values('DatabaseConnections'), [3, 5])
  t.same(await values('NetworkThroughput'), [100])
  t.same(await values('NetworkReceiveThroughput'), [10])
  // A quarter of a core is one ACU, of the four that it may have.
  t.same(await values('ServerlessDatabaseCapacity'), [0.5, 1])
  t.same(await values('ACUUtilization'), [12.5, 25])
  t.same(await values('CPUUtilization'), [0, 25])
  t.same(await values('FreeableMemory'), [7 * GIB, 7 * GIB])
  cluster.receivedBytes = 1800
  await at(90)
  t.same(await values('NetworkReceiveThroughput'), [20], 'a rate is since the minute before, however often it is asked for')
})

t.test('a server that was started anew counts from zero', async t => {
  const { at, values, used } = openLab()
  used.cpuMs = 1_000_000
  await at(0)
  used.cpuMs = 600
  await at(60)
  t.same(await values('CPUUtilization'), [0, 1])
})

t.test('paused, capacity and processor are 0 and the rest is absent', async t => {
  const { at, values, cluster } = openLab()
  await at(0)
  cluster.isPaused = true
  await at(60)
  t.same(await values('ServerlessDatabaseCapacity'), [0.5, 0])
  t.same(await values('ACUUtilization'), [12.5, 0])
  t.same(await values('CPUUtilization'), [0, 0])
  t.same(await values('DatabaseConnections'), [3])
  t.same(await values('FreeableMemory'), [7 * GIB])
})

t.test('a cluster that is not serverless has no capacity, and the memory of the machine', async t => {
  const { at, values, cluster } = openLab()
  delete (cluster as Partial<ClusterMeasurement>).capacityAcu
  await at(0)
  t.same(await values('ServerlessDatabaseCapacity'), [])
  t.ok(((await values('FreeableMemory'))[0] ?? 0) > 0)
})

t.test('statistics of what was measured within a period', async t => {
  const { operations, at, clock, cluster } = openLab()
  for (const [second, connections] of [[0, 4], [60, 1], [120, 3], [170, 7], [180, 2], [240, 9]] as const) {
    cluster.connections = connections
    await at(second)
  }
  const asked = { Namespace: 'AWS/RDS', MetricName: 'DatabaseConnections', Dimensions: ofCluster, StartTime: new Date(start), EndTime: new Date(clock.ms + 1), Period: 240 }
  const { Datapoints } = await operations.GetMetricStatistics({ ...asked, Statistics: ['Average', 'Sum', 'Minimum', 'Maximum', 'SampleCount'], ExtendedStatistics: ['p50', 'p99'] }, caller)
  t.same(Datapoints, [
    { Timestamp: new Date(start), Average: 3.5, Sum: 14, Minimum: 1, Maximum: 7, SampleCount: 4, Unit: 'Count', ExtendedStatistics: { p50: 2, p99: 7 } },
    { Timestamp: new Date(start + 240_000), Average: 9, Sum: 9, Minimum: 9, Maximum: 9, SampleCount: 1, Unit: 'Count', ExtendedStatistics: { p50: 9, p99: 9 } }
  ], 'of each minute what was measured last')
  const other = { ...asked, Statistics: ['Average' as const] }
  t.same((await operations.GetMetricStatistics({ ...other, Unit: 'Bytes' }, caller)).Datapoints, [])
  t.same((await operations.GetMetricStatistics({ ...other, Namespace: 'AWS/EC2' }, caller)).Datapoints, [])
  t.same((await operations.GetMetricStatistics({ ...other, Dimensions: [] }, caller)).Datapoints, [])
  t.same((await operations.GetMetricStatistics(other, { ...caller, region: 'us-east-1' })).Datapoints, [])
  await t.rejects(operations.GetMetricStatistics({ ...asked, Period: 90, Statistics: ['Sum'] }, caller), { code: 'InvalidParameterValue' })
  await t.rejects(operations.GetMetricStatistics({ ...asked, Statistics: ['Maximum,Sum' as never] }, caller), { code: 'InvalidParameterValue', message: 'The parameter Statistics.member.1 must be a value in the set [ Sum, Maximum, Minimum, SampleCount, Average ].' })
  await t.rejects(operations.GetMetricStatistics({ ...other, Period: 1, StartTime: new Date(clock.ms - 3_600_000), EndTime: new Date(clock.ms) }, caller), { code: 'InvalidParameterCombination', message: /^You have requested up to 3,600 datapoints/ })
  await t.rejects(operations.GetMetricStatistics(asked, caller), { code: 'InvalidParameterCombination' })
  await t.rejects(operations.GetMetricStatistics({ ...other, Period: 60, StartTime: new Date(start - 1500 * 60_000) }, caller), { code: 'InvalidParameterCombination', message: /^You have requested up to 1,505 datapoints/ })
  await t.rejects(operations.GetMetricStatistics({ ...other, EndTime: new Date(start) }, caller), { code: 'InvalidParameterValue', message: 'The parameter StartTime must not equal parameter EndTime.' })
  await t.rejects(operations.GetMetricStatistics({ ...other, EndTime: new Date(start - 1) }, caller), { code: 'InvalidParameterValue', message: 'The parameter StartTime must be less than the parameter EndTime.' })
})

t.test('each set of dimensions is a metric of its own', async t => {
  const { operations, at, values, cluster } = openLab()
  await at(0)
  for (const set of [{ DBInstanceIdentifier: 'orders-1' }, { DBClusterIdentifier: 'orders', Role: 'WRITER' }, { DatabaseClass: 'db.serverless' }, { EngineName: 'aurora-postgresql' }]) {
    t.same(await values('DatabaseConnections', 'Sum', Object.entries(set).map(([Name, Value]) => ({ Name, Value }))), [3])
  }
  t.same(await values('DatabaseConnections', 'Sum', [...ofCluster, { Name: 'Role', Value: 'READER' }]), [])
  const { Metrics } = await operations.ListMetrics({ MetricName: 'DatabaseConnections', Dimensions: [{ Name: 'Role' }] }, caller)
  t.same(Metrics, [{ Namespace: 'AWS/RDS', MetricName: 'DatabaseConnections', Dimensions: [...ofCluster, { Name: 'Role', Value: 'WRITER' }] }])
  t.same((await operations.ListMetrics({ Namespace: 'AWS/EC2' }, caller)).Metrics, [])
  cluster.instances = [{ identifier: 'orders-2', instanceClass: 'db.serverless', isWriter: true }]
  await at(4 * 3600)
  const ofInstances = { MetricName: 'DatabaseConnections', Dimensions: [{ Name: 'DBInstanceIdentifier' }] }
  t.equal((await operations.ListMetrics(ofInstances, caller)).Metrics?.length, 2)
  t.match((await operations.ListMetrics({ ...ofInstances, RecentlyActive: 'PT3H' }, caller)).Metrics, [{ Dimensions: [{ Value: 'orders-2' }] }])
  await t.rejects(operations.ListMetrics({ RecentlyActive: 'PT1H' as never }, caller), { code: 'ValidationError', message: /enum value set: \[PT3H\]$/ })
})

t.test('results in pages, newest first unless asked otherwise, and queries that are refused', async t => {
  const { operations, at, clock, cluster } = openLab()
  for (let minute = 0; minute < 4; minute++) {
    cluster.connections = minute
    await at(minute * 60)
  }
  const query = { Id: 'a', MetricStat: { Metric: { Namespace: 'AWS/RDS', MetricName: 'DatabaseConnections', Dimensions: ofCluster }, Period: 60, Stat: 'Sum' } }
  const get = async (MetricDataQueries: object[], rest: object = {}): Promise<unknown> =>
    await operations.GetMetricData({
      StartTime: new Date(start),
      EndTime: new Date(clock.ms + 1),
      MetricDataQueries: MetricDataQueries as never,
      ...rest
    }, caller)
  const both = [query, { ...query, Id: 'b', Label: 'again' }, { ...query, Id: 'c', ReturnData: false }]
  t.match(await get(both, { MaxDatapoints: 6 }), { NextToken: '6', MetricDataResults: [{ Id: 'a', Label: 'DatabaseConnections', Values: [3, 2, 1, 0], StatusCode: 'Complete' }, { Id: 'b', Label: 'again', Values: [3, 2], StatusCode: 'PartialData' }] })
  t.match(await get(both, { MaxDatapoints: 6, NextToken: '6' }), { MetricDataResults: [{ Values: [] }, { Values: [1, 0], StatusCode: 'Complete' }] })
  const asked = (...given: Array<[stat: string, period: number]>) => given.map(([Stat, Period], index) => ({ Id: `a${index}`, MetricStat: { ...query.MetricStat, Stat, Period } }))
  t.match(await get(asked(['Sum', 60], ['Minimum', 60])), { MetricDataResults: [{ Label: 'DatabaseConnections Sum' }, { Label: 'DatabaseConnections Minimum' }] })
  t.match(await get(asked(['Sum', 60], ['Sum', 30])), { MetricDataResults: [{ Label: 'DatabaseConnections 60', Values: [3, 2, 1, 0] }, { Label: 'DatabaseConnections 30', Values: [3, 2, 1, 0] }] })
  await t.rejects(get([{ Id: 'a', Expression: 'SUM(METRICS())' }]), { code: 'ValidationError', message: /metric math/ })
  await t.rejects(get([{ Id: 'a' }, { ...query, Id: 'b', Period: 60 }]), { code: 'ValidationError', message: 'The parameter MetricDataQueries.member.1.MetricStat is required.\nThe parameters MetricDataQueries.member.2.Period and MetricDataQueries.member.2.MetricStat are mutually exclusive and you have specified both.\n' })
  await t.rejects(get([{ ...query, Label: 'at most $' + '{MAX}' }]), { code: 'ValidationError', message: 'The parameter MetricDataQueries.member.1.Label is dynamic, and the sandbox does not fill in labels.\n' })
  await t.rejects(get([{ ...query, Id: 'A' }]), { code: 'ValidationError', message: /^The value A for parameter MetricDataQueries.member.1.Id is not matching the expected pattern/ })
  await t.rejects(get([query, query]), { code: 'ValidationError' })
  await t.rejects(get(asked(['tm90', 60])), { code: 'ValidationError', message: /^The sandbox does not compute the statistic tm90 / })
  await t.rejects(get([query], { NextToken: 'x' }), { code: 'InvalidNextToken' })
  await t.rejects(get([{ ...query, MetricStat: { ...query.MetricStat, Stat: 'toString' } }]), { code: 'ValidationError', message: 'The value toString for parameter MetricDataQueries.member.1.MetricStat.Stat is not a valid statistic.\n' })
})

t.test('measures by itself every minute, for a day, until it is closed', async t => {
  let ms = start
  let slept = 0
  const room = createCloudWatch({
    measure: () => [{ region: 'eu-west-1', identifier: 'a', engine: 'e', instances: [], connections: slept, receivedBytes: 0, sentBytes: 0, isPaused: false, capacityAcu: 1, maxCapacityAcu: 1, usage: async () => ({ cpuMs: 0, memoryBytes: 0 }) }],
    clock: {
      now: () => ms,
      sleep: async (sleepMs, signal) => {
        slept += 1
        if (slept < 2000) ms += sleepMs
        else if (!signal?.aborted) await new Promise(resolve => signal?.addEventListener('abort', resolve))
      }
    },
    log: { error: () => { t.fail() } }
  })
  room.start()
  const { Datapoints } = await new Promise<unknown>(resolve => setImmediate(resolve)).then(async () => {
    await room.close()
    return await room.operations.GetMetricStatistics({ Namespace: 'AWS/RDS', MetricName: 'DatabaseConnections', Dimensions: [{ Name: 'DBClusterIdentifier', Value: 'a' }], StartTime: new Date(0), EndTime: new Date(ms + 60_000), Period: 40 * 86_400 * 365, Statistics: ['SampleCount', 'Maximum'] }, caller)
  })
  t.match(Datapoints, [{ SampleCount: 1440, Maximum: 1999 }])
})
