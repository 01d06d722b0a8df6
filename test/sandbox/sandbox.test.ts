import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import t from 'tap'
import { openSandbox } from '../helpers/sandbox.js'

t.test('a port that is taken leaves nothing open: the same data can be used at once on another', async t => {
  const taken = Number(new URL((await openSandbox(t)).url).port)
  const dataDir = mkdtempSync(join(tmpdir(), 'sandbox-'))
  t.teardown(() => { rmSync(dataDir, { recursive: true, force: true }) })
  await t.rejects(openSandbox(t, { dataDir, port: taken }), { code: 'EADDRINUSE' })
  t.equal((await fetch(`${(await openSandbox(t, { dataDir })).url}/_sandbox/health`)).status, 200)
})

t.test('values are on disk for their owner only, in no log, and back after a restart', async t => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sandbox-'))
  const sandbox = await openSandbox(t, { dataDir })
  await new SecretsManagerClient(sandbox.clientConfig()).send(new CreateSecretCommand({ Name: 'a', SecretString: 'correct-horse' }))
  t.equal(statSync(join(dataDir, 'journal.jsonl')).mode & 0o777, 0o600)
  const again = await sandbox.restart()
  t.match(await new SecretsManagerClient(again.clientConfig()).send(new GetSecretValueCommand({ SecretId: 'a' })), { SecretString: 'correct-horse' })
  t.match(sandbox.logged.join(), 'CreateSecret')
  t.notMatch([...sandbox.logged, ...again.logged].join(), 'correct-horse')
})
