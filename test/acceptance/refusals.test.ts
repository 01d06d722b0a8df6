import { CloudFormationClient, ListStacksCommand } from '@aws-sdk/client-cloudformation'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import t from 'tap'

import { startService } from '../helpers/service.js'

const service = await startService(t)
const region = 'eu-west-1'
const aws = { region, endpoint: service.sandboxUrl, credentials: { accessKeyId: 'any', secretAccessKey: 'any' } }
const secrets = new SecretsManagerClient(aws)
const cloudFormation = new CloudFormationClient(aws)
t.teardown(() => {
  secrets.destroy()
  cloudFormation.destroy()
})

for (const [Name, SecretString] of [
  ['not-json', 'hush'],
  ['no-password', '{"username":"someone"}'],
  ['short', '{"username":"someone","password":"hush"}'],
  ['reserved', '{"username":"admin","password":"hush-hush"}']
]) {
  await secrets.send(new CreateSecretCommand({ Name, SecretString }))
}

const request = { client: 'acme', region }
const withParameters = (parameters: Record<string, unknown>, template?: string) =>
  ({ ...request, parameters, ...(template ? { template } : {}) })

/** What is sent, the status and code of the refusal, and the place it points at. */
interface Refusal {
  title: string
  body: unknown
  status: number
  code: string
  path?: string
  headers?: Record<string, string>
}

const refusals: readonly Refusal[] = [
  { title: 'an unknown region', body: { ...request, region: 'mars-north-1' }, status: 400, code: 'invalid-request', path: '/region' },
  { title: 'an unknown template', body: { ...request, template: 'oracle' }, status: 400, code: 'invalid-request', path: '/template' },
  { title: 'an unknown parameter', body: withParameters({ Colour: 'red' }), status: 400, code: 'invalid-request', path: '/parameters/Colour' },
  { title: 'a parameter that only the service sets', body: withParameters({ ClusterName: 'mine' }), status: 400, code: 'invalid-request', path: '/parameters/ClusterName' },
  { title: 'an unknown field', body: { ...request, colour: 'red' }, status: 400, code: 'invalid-request', path: '/colour' },
  { title: 'a missing field', body: { region }, status: 400, code: 'invalid-request', path: '/client' },
  { title: 'a client that is no slug', body: { ...request, client: 'Acme Ltd' }, status: 400, code: 'invalid-request', path: '/client' },
  { title: 'a value outside its limits', body: withParameters({ MaxCapacity: 1000 }), status: 400, code: 'invalid-request', path: '/parameters/MaxCapacity' },
  { title: 'a value that is not allowed', body: withParameters({ EnvironmentName: 'test' }), status: 400, code: 'invalid-request', path: '/parameters/EnvironmentName' },
  { title: 'a number in quotes', body: withParameters({ MaxCapacity: '4' }), status: 400, code: 'invalid-request', path: '/parameters/MaxCapacity' },
  { title: 'MinCapacity above MaxCapacity', body: withParameters({ MinCapacity: 8, MaxCapacity: 4 }), status: 400, code: 'invalid-request', path: '/parameters/MinCapacity' },
  { title: 'a quarter of an ACU', body: withParameters({ MaxCapacity: 2.25 }), status: 400, code: 'invalid-request', path: '/parameters/MaxCapacity' },
  { title: 'an engine without the Data API', body: withParameters({ EngineVersion: '13.9' }), status: 400, code: 'invalid-request', path: '/parameters/EngineVersion' },
  { title: 'a pause that AWS refuses', body: withParameters({ SecondsUntilAutoPause: 60 }, 'aurora-serverless-postgres'), status: 400, code: 'invalid-request', path: '/parameters/SecondsUntilAutoPause' },
  { title: 'a tag of AWS', body: { ...request, tags: { 'aws:team': 'payments' } }, status: 400, code: 'invalid-request', path: '/tags/aws:team' },
  { title: 'a secret that does not exist', body: withParameters({ DBMaster: 'Mahira' }), status: 422, code: 'preflight-failed', path: '/parameters/DBMaster' },
  { title: 'a secret whose name ends like an ARN', body: withParameters({ DBMaster: 'my-secret' }), status: 400, code: 'invalid-request', path: '/parameters/DBMaster' },
  { title: 'a secret that is not JSON', body: withParameters({ DBMaster: 'not-json' }), status: 422, code: 'preflight-failed', path: '/parameters/DBMaster' },
  { title: 'a secret without a password', body: withParameters({ DBMaster: 'no-password' }), status: 422, code: 'preflight-failed', path: '/parameters/DBMaster' },
  { title: 'a secret with a password that RDS refuses', body: withParameters({ DBMaster: 'short' }), status: 422, code: 'preflight-failed', path: '/parameters/DBMaster' },
  { title: 'a secret with a reserved user name', body: withParameters({ DBMaster: 'reserved' }), status: 422, code: 'preflight-failed', path: '/parameters/DBMaster' },
  { title: 'a version that RDS has retired', body: withParameters({ EngineVersion: '16.4' }), status: 422, code: 'preflight-failed', path: '/parameters/EngineVersion' },
  { title: 'a network that does not exist', body: withParameters({ NetworkStackName: 'nowhere' }), status: 422, code: 'preflight-failed', path: '/parameters/NetworkStackName' },
  { title: 'malformed JSON', body: '{"client":', status: 400, code: 'malformed-json' },
  { title: 'a body over the limit', body: { ...request, tags: { big: 'x'.repeat(1024 * 1024) } }, status: 413, code: 'body-too-large' },
  { title: 'another media type', body: 'client=acme', status: 415, code: 'unsupported-media-type', headers: { 'content-type': 'text/plain' } },
  { title: 'no key', body: request, status: 401, code: 'unauthorized', headers: { authorization: '' } },
  { title: 'a key nobody has', body: request, status: 401, code: 'unauthorized', headers: { authorization: 'Bearer guess' } }
]

for (const { title, body, status, code, path, headers } of refusals) {
  await t.test(`refuses ${title}`, async t => {
    const answer = await service.call('POST', '/v1/databases', body, headers)
    t.equal(answer.status, status)
    t.equal(answer.headers.get('content-type'), 'application/problem+json')
    t.match(answer.body, { type: `/problems/${code}`, code, status, title: String, detail: String, instance: '/v1/databases', requestId: answer.headers.get('x-request-id') ?? '', retryable: Boolean })
    t.notMatch(JSON.stringify(answer.body), /hush/)
    if (path) t.ok((answer.body.errors as Array<{ path: string }>).some(each => each.path === path), `an error points at ${path}`)
  })
}

await t.test('refuses malformed and unknown ids', async t => {
  t.match(await service.call('GET', '/v1/databases/not_an_id'), { status: 400, body: { code: 'invalid-request' } })
  t.match(await service.call('GET', '/v1/databases/eu-west-1.acme-main-dev-aaaaaaaa'), { status: 404, body: { code: 'not-found' } })
  t.match(await service.call('GET', '/v1/databases/sa-east-1.acme-main-dev-aaaaaaaa'), { status: 404, body: { code: 'not-found' } })
})

await t.test('a dry run says what a create would do', async t => {
  t.match(await service.call('POST', '/v1/databases?dryRun=true', request), {
    status: 200,
    body: {
      id: /^eu-west-1\.acme-main-dev-/,
      parameters: { MaxCapacity: 4, EngineVersion: '17.7' },
      resources: [{ logicalId: 'MasterSecret' }, { logicalId: 'AuroraCluster' }, { logicalId: 'AuroraWriter' }, { logicalId: 'MasterSecretAttachment' }],
      existingStackStatus: null,
      findings: [],
      warnings: []
    }
  })
  t.match(await service.call('POST', '/v1/databases?dryRun=true', withParameters({ DBMaster: 'Mahira' })), {
    status: 200, body: { resources: [{ logicalId: 'AuroraCluster' }, { logicalId: 'AuroraWriter' }], findings: [{ path: '/parameters/DBMaster' }] }
  })
  t.match(await service.call('POST', '/v1/databases?dryRun=true', withParameters({ DBMaster: 'Mahira', NetworkStackName: 'nowhere', EngineVersion: '16.4' })), {
    status: 200,
    body: { findings: ['DBMaster', 'EngineVersion', 'NetworkStackName', 'NetworkStackName'].map(name => ({ path: `/parameters/${name}` })) }
  }, 'everything that is wrong at once')
  t.match(await service.call('POST', '/v1/databases?dryRun=true', { ...request, region: 'mars-north-1' }), { status: 400 })
})

await t.test('a region that the account has not enabled', async t => {
  const fault = async (body: object) => await fetch(`${service.sandboxUrl}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(body) })
  t.teardown(async () => await fetch(`${service.sandboxUrl}/_sandbox/faults`, { method: 'DELETE' }))
  await fault({ kind: 'not-enabled', service: 'cloudformation' })
  for (const path of ['/v1/databases', '/v1/databases?dryRun=true']) {
    t.match(await service.call('POST', path, request), { status: 422, body: { code: 'preflight-failed', errors: [{ path: '/region', message: /is not enabled in the AWS account/ }] } }, 'also where no other region answers')
  }
  await fault({ kind: 'not-enabled', service: 'sts' })
  t.match(await service.call('POST', '/v1/databases', request), { status: 502, body: { code: 'aws-refused' } }, 'and where nobody knows the credentials, it is they that are wrong')
})

await t.test('launched nothing', async t => {
  const { StackSummaries } = await cloudFormation.send(new ListStacksCommand({}))
  t.same(StackSummaries, [])
})
