import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { AssumeRoleCommand, AssumeRoleWithWebIdentityCommand, GetAccessKeyInfoCommand, GetCallerIdentityCommand, GetSessionTokenCommand, STSClient } from '@aws-sdk/client-sts'
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

t.test('who assumes a role is told so, and everybody else that they are the root', async t => {
  const config = (await openSandbox(t)).clientConfig()
  const root = new STSClient(config)
  const tellMe = new GetCallerIdentityCommand({})
  const role = { RoleArn: 'arn:aws:iam::123456789012:role/teams/deployer', RoleSessionName: 'ada' }
  const { Credentials, AssumedRoleUser } = await root.send(new AssumeRoleCommand({ ...role, DurationSeconds: 900 }))
  t.match(AssumedRoleUser, { Arn: 'arn:aws:sts::123456789012:assumed-role/deployer/ada', AssumedRoleId: /^AROA[A-Z0-9]{17}:ada$/ })
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '', SessionToken: sessionToken = '', Expiration } = Credentials ?? {}
  t.equal(Math.round(((Expiration?.getTime() ?? 0) - Date.now()) / 60_000), 15)
  const deployer = new STSClient({ ...config, credentials: { accessKeyId, secretAccessKey, sessionToken } })
  t.match(await deployer.send(tellMe), { Account: '123456789012', Arn: AssumedRoleUser?.Arn ?? '', UserId: AssumedRoleUser?.AssumedRoleId ?? '' })
  await t.rejects(deployer.send(new GetSessionTokenCommand({})), { name: 'AccessDenied', message: 'Cannot call GetSessionToken with session credentials' })

  const claims = Buffer.from(JSON.stringify({ sub: 'system:serviceaccount:a:b', aud: ['sts.amazonaws.com'], iss: 'https://oidc.example' })).toString('base64url')
  t.match(await root.send(new AssumeRoleWithWebIdentityCommand({ ...role, WebIdentityToken: `a.${claims}.c` })), {
    AssumedRoleUser, SubjectFromWebIdentityToken: 'system:serviceaccount:a:b', Audience: 'sts.amazonaws.com', Provider: 'oidc.example'
  })
  await t.rejects(root.send(new AssumeRoleWithWebIdentityCommand({ ...role, WebIdentityToken: 'none' })), { name: 'InvalidIdentityTokenException' })
  const { Credentials: own } = await root.send(new GetSessionTokenCommand({}))
  const again = { accessKeyId: own?.AccessKeyId ?? '', secretAccessKey: own?.SecretAccessKey ?? '', sessionToken: own?.SessionToken ?? '' }
  const account = { Account: '000000000000', Arn: 'arn:aws:iam::000000000000:root' }
  for (const credentials of [again, { ...again, sessionToken: 'of somebody else' }]) t.match(await new STSClient({ ...config, credentials }).send(tellMe), account)

  await t.rejects(root.send(new GetAccessKeyInfoCommand({ AccessKeyId: 'short' })), { name: 'ValidationError' })
  for (const [change, message] of [
    [{ RoleArn: 'nothing-valid-in-here' }, 'nothing-valid-in-here is invalid'],
    [{ RoleSessionName: 'a:b' }, "1 validation error detected: Value 'a:b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*"],
    [{ RoleSessionName: 's'.repeat(65) }, `1 validation error detected: Value '${'s'.repeat(65)}' at 'roleSessionName' failed to satisfy constraint: Member must have length less than or equal to 64`],
    [{ DurationSeconds: 60 }, "1 validation error detected: Value '60' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"]
  ] as const) await t.rejects(root.send(new AssumeRoleCommand({ ...role, ...change })), { name: 'ValidationError', message })
})
