import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { ask, addWriter, caller, startFixture } from './fixture.js'

t.test('after kill -9 everything acknowledged is there, and what was begun is finished', async t => {
  const dataDir = mkdtempSync(join(tmpdir(), 'rds-crash-'))
  t.teardown(() => rmSync(dataDir, { recursive: true, force: true }))
  const program = fork(fileURLToPath(new URL('./killed-sandbox.js', import.meta.url)), [dataDir], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  if (program.stdout) await once(program.stdout, 'data')
  program.kill('SIGKILL')
  await once(program, 'exit')

  const fixture = await startFixture({ dataDir })
  t.teardown(fixture.close)
  const whole = await fixture.describe('whole')
  t.same(await ask(whole, 'SELECT name FROM guests'), [['ada']])

  await fixture.rds.whenSettled('cluster', 'whole', caller)
  t.equal((await fixture.describe('whole')).Status, 'available', 'it is no longer backing up')
  t.match(await fixture.rds.operations.DescribeDBClusterSnapshots({ DBClusterSnapshotIdentifier: 'begun' }, caller), { DBClusterSnapshots: [{ Status: 'available', PercentProgress: 100 }] })

  await fixture.rds.whenSettled('cluster', 'begun', caller)
  t.equal((await fixture.describe('begun')).Status, 'available')
  await addWriter(fixture.rds, 'begun')
  t.same(await ask(await fixture.describe('begun'), 'SELECT current_database()'), [['temporal']])
  t.equal((await fixture.describe('whole')).Endpoint, whole.Endpoint)
})
