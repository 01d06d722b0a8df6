import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import t from 'tap'
import { parse } from 'yaml'

import type { Family } from '../../src/metrics/registry.js'
import { createServiceMetrics } from '../../src/metrics/service-metrics.js'
import { ROOT } from '../helpers/source-tree.js'

/** Every label that a metric may have. All of their values are ours or AWS's; who adds one sees to it that this stays so. */
const LABELS = ['service', 'operation', 'region', 'outcome', 'urgency', 'status', 'method', 'route', 'gate']

const metrics = createServiceMetrics()
const idle = { standing: () => ({ running: 0, waiting: 0 }) }
metrics.lookAt({ budgets: {}, gates: { statements: idle, streams: idle }, index: { standingOf: () => ({ status: 'ok', asOf: null, failure: null }) }, regions: [], clock: { now: () => 0 } })
const families = metrics.families()

const page = readFileSync(join(ROOT, 'docs/metrics.md'), 'utf8')
const rows = [...page.matchAll(/^\| `(\w+)` \| (\w+) \|([^|]*)\|/gm)].map(([, name = '', type = '', labels = '']) =>
  ({ name, type, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label) }))

t.test('no metric has a label for anything that a caller chooses', async t => {
  t.ok(families.length > 15)
  t.strictSame(families.flatMap(({ name, labels }) => labels.filter(label => !LABELS.includes(label)).map(label => `${name} ${label}`)), [])
})

t.test('every metric is named as Prometheus asks, and says what it is', async t => {
  const misnamed = ({ name, type }: Family): boolean => !/^(aurora_api|nodejs|process)_[a-z0-9_]+$/.test(name) ||
    (type === 'counter') !== name.endsWith('_total') ||
    (type === 'histogram') !== /(duration|wait)_seconds$/.test(name)
  t.strictSame(families.filter(misnamed).map(({ name }) => name), [])
  t.strictSame(families.filter(({ help }) => !/^[A-Z1].{10,}\.$/.test(help)).map(({ name }) => name), [])
})

t.test('the page about metrics has every one of them, and no other', async t => {
  const placeOf = (family: { name: string }): number => rows.findIndex(({ name }) => name === family.name)
  const described = families.map(({ name, type, labels }) => ({ name, type, labels }))
  t.strictSame(rows, described.sort((a, b) => placeOf(a) - placeOf(b)))
})

interface Rule { alert: string, expr: string, for: string, annotations: { summary: string } }

t.test('the alerts ask for metrics and labels that there are', async t => {
  const [, source = ''] = /```yaml\n(groups:[\s\S]*?)```/.exec(page) ?? []
  const { groups } = parse(source) as { groups: Array<{ rules: Rule[] }> }
  const rules = groups.flatMap(group => group.rules)
  t.ok(rules.length >= 5)
  for (const { alert, expr, for: wait, annotations: { summary } } of rules) {
    const asked = [...expr.matchAll(/\b((?:aurora_api|nodejs|process)_\w+)/g)].map(([, name = '']) =>
      families.find(family => family.name === name.replace(/_(count|sum|bucket)$/, '') || family.name === name))
    t.ok(asked.length > 0 && !asked.includes(undefined), `${alert} asks for what there is`)
    const labels = new Set(asked.flatMap(family => family?.labels ?? []))
    const used = [...expr.matchAll(/by \(([^)]*)\)/g), ...expr.matchAll(/\{(\w+)=/g)].flatMap(([, names = '']) => names.split(/, ?/))
    t.strictSame(used.filter(label => !labels.has(label)), [], `${alert} uses labels that there are`)
    t.match(wait, /^\d+m$/)
    t.match(summary, /^.{40,}\.$/, `${alert} says what to do`)
  }
})
