import { GetMetricDataCommand, type CloudWatchClient } from '@aws-sdk/client-cloudwatch'

import { callAws } from './errors.js'

const MINUTE_MS = 60_000

/** A metric arrives a minute or two late; of a cluster without one in so long, nothing is known. */
const LOOK_BACK_MS = 10 * MINUTE_MS

export type CloudWatch = ReturnType<typeof createCloudWatch>

/** CloudWatch, as far as databases need it. Every function throws `AwsFailure`. */
export function createCloudWatch (clientFor: (region: string) => CloudWatchClient) {
  /**
   * The latest capacity of a cluster in ACUs, null without any. It is 0 while the cluster is paused (Aurora User Guide, "Monitoring
   * auto-pause"), which nothing else shows of Serverless v2: the status of the cluster and of its instances stays `available`.
   */
  const capacityOf = async (region: string, clusterIdentifier: string, nowMs: number): Promise<number | null> => {
    const { MetricDataResults: [result] = [] } = await callAws(() => clientFor(region).send(new GetMetricDataCommand({
      StartTime: new Date(nowMs - LOOK_BACK_MS),
      // The minute that has begun may be known already.
      EndTime: new Date(nowMs + MINUTE_MS),
      ScanBy: 'TimestampDescending',
      MetricDataQueries: [{
        Id: 'capacity',
        MetricStat: {
          Metric: { Namespace: 'AWS/RDS', MetricName: 'ServerlessDatabaseCapacity', Dimensions: [{ Name: 'DBClusterIdentifier', Value: clusterIdentifier }] },
          Period: 60,
          Stat: 'Maximum'
        }
      }]
    })))
    return result?.Values?.[0] ?? null
  }

  return { capacityOf }
}
