import { setImmediate as tick } from 'node:timers/promises'
import t from 'tap'
import { durations } from '../../../sandbox/pace.js'
import { ask, caller, startFixture } from './fixture.js'
import { createMovableClock } from './movable-clock.js'

const RESUME_MS = 15_000
const STARTED = 'SELECT pg_postmaster_start_time()'
const clock = createMovableClock()

const fixture = await startFixture({ clock, durations: { ...durations.instant, resume: RESUME_MS } })
t.teardown(fixture.close)
const whenUnused = async (): Promise<void> => {
  while (fixture.rds.measure().some(({ connections }) => connections > 0)) await tick()
}

t.test('auto-pause', async t => {
  const cluster = await fixture.makeCluster('sleepy', { EnableHttpEndpoint: true })
  const access = (): ReturnType<typeof fixture.rds.databaseOf> => fixture.rds.databaseOf(cluster.DBClusterArn ?? '', caller)
  const state = (): string | undefined => access()?.state
  const pass = async (ms: number): Promise<void> => {
    clock.move(ms)
    await tick()
  }
  let started: unknown

  await t.test('a cluster that nobody uses for long enough pauses', async t => {
    started = (await ask(cluster, STARTED))[0]?.[0]
    await whenUnused()
    await pass(299_000)
    t.equal(state(), 'available')
    await pass(300_000)
    t.equal(state(), 'paused')
    t.equal((await fixture.describe('sleepy')).Status, 'available', 'which only the capacity shows')
    t.match(fixture.rds.measure(), [{ identifier: 'sleepy', capacityAcu: 0 }])
  })

  await t.test('a client waits until it has resumed', async t => {
    const answer = ask(cluster, STARTED)
    await clock.whenAsleepFor(RESUME_MS)
    t.equal(state(), 'resuming')
    await pass(RESUME_MS)
    t.not((await answer)[0]?.[0], started, 'it is another server process')
    t.equal(state(), 'available')
    await whenUnused()
  })

  await t.test('whoever holds it keeps it awake, and lets it sleep again', async t => {
    const release = access()?.hold()
    await pass(3_600_000)
    t.equal(state(), 'available')
    release?.()
    release?.()
    await pass(299_000)
    t.equal(state(), 'available', 'the time counts from the release')
    await pass(300_000)
    t.equal(state(), 'paused')
  })

  await t.test('it is paused still after a restart, without a server', async t => {
    await fixture.restart()
    t.equal(state(), 'paused')
    const woken = access()?.wake()
    await clock.whenAsleepFor(RESUME_MS)
    await pass(RESUME_MS)
    await woken
    t.same(await ask(await fixture.describe('sleepy'), 'SELECT 1'), [[1]])
  })

  await t.test('a minimum capacity above zero keeps it awake', async t => {
    const { operations, whenSettled } = fixture.rds
    const { DBCluster: changed } = await operations.ModifyDBCluster({ DBClusterIdentifier: 'sleepy', ServerlessV2ScalingConfiguration: { MinCapacity: 0.5 } }, caller)
    t.same(changed?.ServerlessV2ScalingConfiguration, { MinCapacity: 0.5, MaxCapacity: 4 })
    await whenSettled('cluster', 'sleepy', caller)
    await pass(86_400_000)
    t.equal(state(), 'available')
  })
})

t.test('a Serverless v1 cluster pauses too, without ever having had an instance', async t => {
  const { operations, whenSettled } = fixture.rds
  await operations.CreateDBCluster({
    DBClusterIdentifier: 'old',
    Engine: 'aurora-postgresql',
    EngineMode: 'serverless',
    EngineVersion: '13.9',
    MasterUsername: 'keeper',
    MasterUserPassword: 'correct-horse',
    DatabaseName: 'temporal',
    ScalingConfiguration: { MinCapacity: 2, MaxCapacity: 4, AutoPause: true, SecondsUntilAutoPause: 300 }
  }, caller)
  await whenSettled('cluster', 'old', caller)
  const cluster = await fixture.describe('old')
  t.match(cluster, { EngineMode: 'serverless', Capacity: 2, DBClusterMembers: [] })
  t.same(await ask(cluster, 'SELECT current_user'), [['keeper']])
  await whenUnused()
  clock.move(300_000)
  await tick()
  clock.move(300_000)
  await tick()
  t.equal((await fixture.describe('old')).Capacity, 0)
  const answer = ask(cluster, 'SELECT current_user')
  await clock.whenAsleepFor(RESUME_MS)
  clock.move(RESUME_MS)
  t.same(await answer, [['keeper']])
  t.equal((await fixture.describe('old')).Capacity, 2)
})
