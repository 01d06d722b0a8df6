import type { CreateDBClusterMessage, DBCluster } from '@aws-sdk/client-rds'
import type { Caller } from '../aws.js'
import { serviceKeyArn } from './names.js'

type Wanted = Pick<CreateDBClusterMessage, 'EnablePerformanceInsights' | 'PerformanceInsightsKMSKeyId' | 'PerformanceInsightsRetentionPeriod'>
type Shown = Pick<DBCluster, 'PerformanceInsightsEnabled' | 'PerformanceInsightsKMSKeyId' | 'PerformanceInsightsRetentionPeriod'>

/** What is shown of a cluster or an instance whose Performance Insights are switched; a request that says nothing of them changes nothing. */
export function readInsights (wanted: Wanted, before: Shown, caller: Caller): Shown {
  if (wanted.EnablePerformanceInsights === undefined) return {}
  if (!wanted.EnablePerformanceInsights) return { PerformanceInsightsEnabled: false }
  return {
    PerformanceInsightsEnabled: true,
    PerformanceInsightsKMSKeyId: wanted.PerformanceInsightsKMSKeyId ?? before.PerformanceInsightsKMSKeyId ?? serviceKeyArn(caller, 'rds'),
    PerformanceInsightsRetentionPeriod: wanted.PerformanceInsightsRetentionPeriod ?? before.PerformanceInsightsRetentionPeriod ?? 7
  }
}
