import type * as Sdk from '@aws-sdk/client-cloudwatch'
import type { Caller, OperationsOf } from '../aws.js'
import type { Repetition } from '../clock.js'
import { refuseUnheeded } from '../unheeded.js'
import { getMetricData, getMetricStatistics, listMetrics } from './queries.js'
import { createSamples, type Sample, type SamplesOptions } from './samples.js'
import { unheeded } from './unheeded.js'

/** What measures every minute, once it was started, and answers with what was measured. */
export interface CloudWatch extends Repetition {
  operations: OperationsOf<typeof Sdk, 'GetMetricData' | 'GetMetricStatistics' | 'ListMetrics'>
}

/** CloudWatch for the metrics of AWS/RDS, measured every minute and whenever somebody asks, and kept in memory for a day. */
export function createCloudWatch (options: SamplesOptions): CloudWatch {
  const samples = createSamples(options)
  const answering = <Input, Output>(answer: (samples: readonly Sample[], input: Input, now: number) => Output) =>
    async (input: Input, { region }: Caller): Promise<Output> => {
      await samples.take()
      return answer(samples.in(region), input, options.clock.now())
    }

  return {
    operations: refuseUnheeded<CloudWatch['operations']>({
      GetMetricData: answering(getMetricData),
      GetMetricStatistics: answering(getMetricStatistics),
      ListMetrics: answering(listMetrics)
    }, unheeded),
    start: samples.start,
    close: samples.close
  }
}
