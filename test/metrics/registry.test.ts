import fc from 'fast-check'
import t from 'tap'

import { createRegistry } from '../../src/metrics/registry.js'

t.test('counters, histograms and readings in the text format of Prometheus', async t => {
  const registry = createRegistry()
  const calls = registry.counters({ name: 'calls_total', help: 'Calls.\nOf a \\ kind.', labels: ['region', 'outcome'] })
  const durations = registry.histograms({ name: 'duration_seconds', help: 'How long.', labels: ['region'] }, [0.1, 1])
  registry.readings('gauge', { name: 'open', help: 'Open now.', labels: [] }, () => [[[], 3]])
  calls('eu-west-1', 'success').add()
  calls('eu-west-1', 'success').add(2)
  calls('eu-west-1', 'a "quoted"\nline \\').add()
  for (const seconds of [0.05, 0.1, 0.5, 2]) durations('eu-west-1').observe(seconds)
  t.equal(registry.render(), [
    '# HELP calls_total Calls.\\nOf a \\\\ kind.',
    '# TYPE calls_total counter',
    'calls_total{region="eu-west-1",outcome="success"} 3',
    'calls_total{region="eu-west-1",outcome="a \\"quoted\\"\\nline \\\\"} 1',
    '# HELP duration_seconds How long.',
    '# TYPE duration_seconds histogram',
    'duration_seconds_bucket{region="eu-west-1",le="0.1"} 2',
    'duration_seconds_bucket{region="eu-west-1",le="1"} 3',
    'duration_seconds_bucket{region="eu-west-1",le="+Inf"} 4',
    'duration_seconds_sum{region="eu-west-1"} 2.65',
    'duration_seconds_count{region="eu-west-1"} 4',
    '# HELP open Open now.',
    '# TYPE open gauge',
    'open 3',
    ''
  ].join('\n'))
  t.strictSame(registry.families().map(({ name, type }) => [name, type]), [['calls_total', 'counter'], ['duration_seconds', 'histogram'], ['open', 'gauge']])
})

t.test('a histogram says of every bound how many took at most as long', async () => {
  fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 100, noNaN: true })), seconds => {
    const registry = createRegistry()
    const bounds = [0.1, 1, 10]
    const durations = registry.histograms({ name: 'd', help: '', labels: [] }, bounds)()
    for (const each of seconds) durations.observe(each)
    const text = registry.render()
    return bounds.every(bound => text.includes(`d_bucket{le="${bound}"} ${seconds.filter(each => each <= bound).length}\n`)) && text.includes(`d_count ${seconds.length}\n`)
  }))
})

t.test('two metrics of one name are a mistake', async t => {
  const registry = createRegistry()
  registry.counters({ name: 'calls_total', help: '', labels: [] })
  t.throws(() => registry.counters({ name: 'calls_total', help: '', labels: [] }), /two metrics called calls_total/)
})
