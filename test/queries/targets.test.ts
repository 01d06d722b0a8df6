import t from 'tap'

import type { Principal } from '../../src/access/keys.js'
import { createTargets } from '../../src/queries/targets.js'
import { createStandingClock } from '../helpers/standing-clock.js'

const principal = (client: string | null, region = 'eu-west-1'): Principal => ({ keyId: 'key', client, mayUse: () => true, mayEnter: name => name === region })
const target = { id: 'id', client: 'acme', region: 'eu-west-1', clusterArn: 'arn:cluster', secretArn: 'arn:secret', databaseName: 'temporal' }

t.test('a database is looked for once, and again after a while or when it was forgotten', async t => {
  const clock = createStandingClock()
  let looked = 0
  const targets = createTargets({ targetOf: async () => ({ ...target, databaseName: `look ${++looked}` }) }, clock)
  const look = async (): Promise<string> => (await targets.targetOf({ caller: principal('acme'), id: 'id' })).databaseName
  t.strictSame([await look(), await look()], ['look 1', 'look 1'])
  clock.move(30_000)
  t.equal(await look(), 'look 2')
  targets.forget('id')
  t.equal(await look(), 'look 3')
})

t.test('what is remembered is not there for a key that may not see it', async t => {
  const targets = createTargets({ targetOf: async () => target }, createStandingClock())
  await targets.targetOf({ caller: principal(null), id: 'id' })
  await t.rejects(targets.targetOf({ caller: principal('globex'), id: 'id' }), { code: 'not-found' })
  await t.rejects(targets.targetOf({ caller: principal('acme', 'us-east-1'), id: 'id' }), { code: 'not-found' })
  t.equal(await targets.targetOf({ caller: principal('acme'), id: 'id' }), target)
})

t.test('a failure is not remembered', async t => {
  let calls = 0
  const targets = createTargets({
    targetOf: async () => {
      if (++calls === 1) throw new Error('not yet')
      return target
    }
  }, createStandingClock())
  await t.rejects(targets.targetOf({ caller: principal('acme'), id: 'id' }))
  t.equal(await targets.targetOf({ caller: principal('acme'), id: 'id' }), target)
})
