import t from 'tap'
import { checkRules, describeRules, nextTime } from '../../../sandbox/secrets-manager/schedule.js'

/** A Wednesday. */
const from = Date.UTC(2026, 10, 25, 10, 30)

for (const [ScheduleExpression, times, days] of [
  ['rate(10 days)', ['2026-12-05T10:30', '2026-12-15T10:30'], 10],
  ['rate(6 hours)', ['2026-11-25T16:30', '2026-11-25T22:30'], 1],
  ['cron(0 8 * * ? *)', ['2026-11-26T08:00', '2026-11-27T08:00'], 1],
  ['cron(0 /8 * * ? *)', ['2026-11-25T16:00', '2026-11-26T00:00'], 1],
  ['cron(0 2/10 * * ? *)', ['2026-11-25T12:00', '2026-11-25T22:00', '2026-11-26T02:00'], 1],
  ['cron(0 8-20/6 ? * MON-FRI *)', ['2026-11-25T14:00', '2026-11-25T20:00', '2026-11-26T08:00'], 1],
  ['cron(0 0 1,15 * ? *)', ['2026-12-01T00:00', '2026-12-15T00:00', '2027-01-01T00:00'], 14],
  ['cron(0 4 L * ? *)', ['2026-11-30T04:00', '2026-12-31T04:00', '2027-01-31T04:00', '2027-02-28T04:00'], 31],
  ['cron(0 4 29 FEB ? *)', ['2028-02-29T04:00'], undefined],
  ['cron(0 16 ? * SUN#1 *)', ['2026-12-06T16:00', '2027-01-03T16:00'], 28],
  ['cron(0 23 ? JAN,JUL 6L *)', ['2027-01-29T23:00', '2027-07-30T23:00'], 182]
] as const) {
  t.test(`a secret is rotated by ${ScheduleExpression}`, async t => {
    let at = from
    for (const time of times) {
      at = nextTime({ ScheduleExpression }, at)
      t.equal(Number.isNaN(at) ? 'never' : new Date(at).toISOString().slice(0, 16), time)
    }
    if (days === undefined) t.throws(() => { checkRules({ ScheduleExpression }, from) }, { code: 'InvalidParameterException' }, 'which is less often than every 1000 days')
    else t.same(describeRules({ ScheduleExpression }, from), { ScheduleExpression, AutomaticallyAfterDays: days })
  })
}

for (const rules of [
  { AutomaticallyAfterDays: 1001 },
  { AutomaticallyAfterDays: 0 },
  { AutomaticallyAfterDays: 7, ScheduleExpression: 'rate(7 days)' },
  { AutomaticallyAfterDays: 7, Duration: 'long' },
  ...['rate(3 hours)', 'rate(1001 days)', 'rate(1 week)', 'cron(0 * * * ? *)', 'cron(5 8 * * ? *)', 'cron(0 25 * * ? *)', 'cron(0 8 31 2 ? *)', 'cron(0 8 * XYZ ? *)',
    'cron(0 8 * ANF ? *)', 'cron(0 8 * * ? 2030)', 'cron(0 8 ? * 2#6 *)', 'cron(0 8/0 * * ? *)', 'cron(0 - * * ? *)', 'at(8)', ''].map(ScheduleExpression => ({ ScheduleExpression }))
]) {
  t.test(`no secret is rotated by ${JSON.stringify(rules)}`, async t => {
    t.throws(() => { checkRules(rules, from) }, { code: 'InvalidParameterException' })
  })
}
