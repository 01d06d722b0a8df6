import t from 'tap'

import { planLaunch, type CreateRequest } from '../../../src/databases/creation/launch.js'
import { loadCatalog } from '../../../src/templates/catalog.js'
import { DEFAULT_TEMPLATE, REGIONS } from '../../helpers/test-service.js'

const options = { catalog: loadCatalog(), defaultTemplate: DEFAULT_TEMPLATE, regions: REGIONS }
const ORDERS: CreateRequest = { client: 'acme', region: 'eu-west-1' }
const V1 = 'aurora-serverless-postgres'

t.test('what is left out has its default', async t => {
  const { key, own, launch } = planLaunch(ORDERS, null, options)
  t.strictSame(key, { client: 'acme', name: 'main', environment: 'dev', region: 'eu-west-1' })
  t.match(own, { template: DEFAULT_TEMPLATE, onFailure: 'delete', idempotencyKey: '' })
  t.match(launch, { onFailure: 'delete', terminationProtection: false, parameters: { EngineVersion: '17.7', MaxCapacity: '4', DBMaster: '', ClientName: 'acme' } })
  t.equal(launch.parameters.ClusterName, launch.stackName)
  t.notOk('aurora-databases:idempotency-key' in launch.tags, 'a tag cannot be empty')
})

t.test('production is protected unless it is said otherwise', async t => {
  const protectionOf = (environment: string, deletionProtection?: boolean): boolean => planLaunch({
    ...ORDERS, parameters: { EnvironmentName: environment }, ...(deletionProtection === undefined ? {} : { deletionProtection })
  }, null, options).launch.terminationProtection
  t.strictSame([protectionOf('dev'), protectionOf('production'), protectionOf('production', false), protectionOf('dev', true)], [false, true, false, true])
})

const v1 = (parameters: Record<string, unknown>): Partial<CreateRequest> => ({ template: V1, parameters })
const v2 = (parameters: Record<string, unknown>): Partial<CreateRequest> => ({ parameters })

const refusals: Array<[request: Partial<CreateRequest>, ...findings: Array<[path: string, message: RegExp]>]> = [
  [{ region: 'mars-north-1', template: 'mysql' }, ['/region', /one of eu-west-1/], ['/template', /one of aurora/]],
  [{ tags: { 'AWS:x': '1', 'rds:y': '2', team: 'a' } }, ['/tags/AWS:x', /start with/], ['/tags/rds:y', /start with/]],
  [{ tags: { 'a<b': '1', '': '2', 'Zoë 1.:/=+-@_': 'fine' } }, ['/tags/a<b', /letters, digits/], ['/tags/', /1 to 128/]],
  [v2({ DatabaseName: 'Template1' }), ['/parameters/DatabaseName', /must not be admin, db/]],
  [v2({ Size: 1, toString: 2 }), ['/parameters/Size', /not a parameter of aurora-serverless-v2-postgres, which has EnvironmentName/], ['/parameters/toString', /not a parameter/]],
  [v2({ ClientName: 'other', ClusterName: 'x' }), ['/parameters/ClientName', /not a parameter/], ['/parameters/ClusterName', /not a parameter/]],
  [v2({ MaxCapacity: '4', AutoPause: 'true', DatabaseName: 1 }), ['/parameters/DatabaseName', /a text, in quotes/], ['/parameters/AutoPause', /true or false, without quotes/], ['/parameters/MaxCapacity', /a number, without quotes/]],
  [v2({ EnvironmentName: 'test' }), ['/parameters/EnvironmentName', /one of dev, staging, uat, production/]],
  [v2({ DatabaseName: '1st' }), ['/parameters/DatabaseName', /must start with a letter/]],
  [v2({ DBBackupRetentionPeriod: 36 }), ['/parameters/DBBackupRetentionPeriod', /at most 35/]],
  [v2({ DBBackupRetentionPeriod: 7.5 }), ['/parameters/DBBackupRetentionPeriod', /whole number/]],
  [v2({ SecondsUntilAutoPause: 299 }), ['/parameters/SecondsUntilAutoPause', /at least 300/]],
  [v2({ MinCapacity: 4.5, MaxCapacity: 4 }), ['/parameters/MinCapacity', /at most MaxCapacity, which is 4/]],
  [v2({ MinCapacity: 0.3 }), ['/parameters/MinCapacity', /multiple of 0\.5/]],
  [v2({ MaxCapacity: 256.5 }), ['/parameters/MaxCapacity', /at most 256/]],
  [v2({ DBMaster: 'db-master' }), ['/parameters/DBMaster', /hyphen and six characters/]],
  [v2({ EngineVersion: 'latest' }), ['/parameters/EngineVersion', /must be a version/]],
  [v2({ EngineVersion: '12.9' }), ['/parameters/EngineVersion', /12\.9 cannot run on Serverless v2: take one of 13\.6/], ['/parameters/EngineVersion', /no Data API/], ['/parameters/EngineVersion', /cannot pause/]],
  [v2({ EngineVersion: '13.9' }), ['/parameters/EngineVersion', /13\.9 has no Data API: set EnableDataApi to false, or take one of 13\.11, 14\.8/], ['/parameters/EngineVersion', /cannot pause/]],
  [v2({ EngineVersion: '13.12', AutoPause: false, MaxCapacity: 200 }), ['/parameters/EngineVersion', /goes up to 128 ACUs/]],
  [v1({ MaxCapacity: 6 }), ['/parameters/MaxCapacity', /one of 2, 4, 8, 16/]],
  [v1({ MinCapacity: 1 }), ['/parameters/MinCapacity', /at least 2/]],
  [v1({ MinCapacity: 8 }), ['/parameters/MinCapacity', /at most MaxCapacity/]],
  [v1({ SecondsUntilAutoPause: 299 }), ['/parameters/SecondsUntilAutoPause', /at least 300: AWS refuses less/]]
]
for (const [request, ...findings] of refusals) {
  t.test(`is refused: ${JSON.stringify(request)}`, async t => {
    const errors = findings.map(([path, message]) => ({ path, message }))
    await t.rejects(() => Promise.resolve().then(() => planLaunch({ ...ORDERS, ...request }, null, options)), { code: 'invalid-request', errors })
    try {
      planLaunch({ ...ORDERS, ...request }, null, options)
    } catch (error) {
      t.equal((error as { errors: unknown[] }).errors.length, findings.length, 'and for nothing else')
    }
  })
}

const fine: Array<Partial<CreateRequest>> = [
  v2({ MinCapacity: 0.5, MaxCapacity: 1.5, AutoPause: false }),
  v2({ EngineVersion: '13.9', EnableDataApi: false, AutoPause: false }),
  v2({ EngineVersion: '17' }),
  v2({ MaxCapacity: 256 }),
  v2({ DBMaster: 'Mahira', NetworkStackName: 'network' }),
  v1({}),
  v1({ MinCapacity: 64, MaxCapacity: 384, SecondsUntilAutoPause: 86_400 })
]
for (const request of fine) {
  t.test(`is taken: ${JSON.stringify(request)}`, async t => {
    const { values } = planLaunch({ ...ORDERS, ...request }, null, options)
    t.match(values, request.parameters ?? {})
  })
}
