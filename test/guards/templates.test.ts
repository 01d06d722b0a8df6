import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import t from 'tap'
import { parse } from 'yaml'

import { ROOT } from '../helpers/source-tree.js'
import { loadCatalog } from '../../src/templates/catalog.js'

interface Entry {
  Type: string
  Default?: unknown
  AllowedValues?: unknown[]
  MinValue?: number
  MaxValue?: number
  DeletionPolicy?: string
  UpdateReplacePolicy?: string
  Properties: Record<string, unknown>
  Value: unknown
  Export: { Name: unknown }
}
interface File { Parameters: Record<string, Entry>, Resources: Record<string, Entry>, Outputs: Record<string, Entry> }

/** The short forms of functions are read as their arguments alone: enough to look at names and limits. */
const readTemplate = (name: string): File => parse(readFileSync(join(ROOT, 'templates', `${name}.yaml`), 'utf8'), { logLevel: 'silent' }) as File

/** What `Fn::Sub` puts a value in place of. */
const placeholder = (name: string): string => `$\{${name}}`

/** From the secret that the stack made, or else the one that was named. */
const resolved = (field: string): unknown[] =>
  ['MakesSecret', ...['MasterSecret', 'DBMaster'].map(secret => `{{resolve:secretsmanager:${placeholder(secret)}:SecretString:${field}}}`)]

const environments = ['dev', 'staging', 'uat', 'production']
const booleans = ['true', 'false']

/** As the original documentation lists them: type, default, limits. */
const v1 = {
  EnvironmentName: { Type: 'String', Default: 'dev', AllowedValues: environments },
  NetworkStackName: { Type: 'String', Default: '30' },
  DBMaster: { Type: 'String', Default: 'Mahira' },
  DatabaseName: { Type: 'String', Default: 'temporal' },
  DBBackupRetentionPeriod: { Type: 'Number', Default: 30, MinValue: 1, MaxValue: 35 },
  EnableDataApi: { Type: 'String', Default: 'true', AllowedValues: booleans },
  AutoPause: { Type: 'String', Default: 'true', AllowedValues: booleans },
  MaxCapacity: { Type: 'Number', Default: 4, MinValue: 2, MaxValue: 384 },
  MinCapacity: { Type: 'Number', Default: 2, MinValue: 2, MaxValue: 384 },
  SecondsUntilAutoPause: { Type: 'Number', Default: 300, MinValue: 1, MaxValue: 86_400 },
  EngineVersion: { Type: 'String', Default: '13.9' }
}

/** The same names, with what AWS takes today. */
const v2 = {
  ...v1,
  MaxCapacity: { Type: 'Number', Default: 4, MinValue: 1, MaxValue: 256 },
  MinCapacity: { Type: 'Number', Default: 0, MinValue: 0, MaxValue: 256 },
  SecondsUntilAutoPause: { Type: 'Number', Default: 300, MinValue: 300, MaxValue: 86_400 },
  EngineVersion: { Type: 'String', Default: '17.7' }
}

/** Set by the service; left as they are, a launch by hand is what the original documentation describes. */
const ofTheService = ['ClientName', 'ClusterName', 'SnapshotIdentifier', 'SourceClusterIdentifier', 'RestoreToTime']

const databaseTemplates = [['aurora-serverless-postgres', v1], ['aurora-serverless-v2-postgres', v2]] as const

for (const [name, documented] of databaseTemplates) {
  const { Parameters, Resources, Outputs } = readTemplate(name)

  t.test(`${name}: the parameters are the documented ones, letter for letter`, async t => {
    const facts = Object.fromEntries(Object.entries(Parameters).map(([key, { Type, Default, AllowedValues, MinValue, MaxValue }]) =>
      [key, JSON.parse(JSON.stringify({ Type, Default, AllowedValues, MinValue, MaxValue })) as unknown]))
    t.strictSame(facts, { ...documented, ...Object.fromEntries(ofTheService.map(key => [key, { Type: 'String', Default: '' }])) })
  })

  t.test(`${name}: what holds data survives`, async t => {
    for (const { Type, DeletionPolicy, UpdateReplacePolicy } of Object.values(Resources).filter(({ Type }) => Type === 'AWS::RDS::DBCluster')) {
      t.strictSame({ DeletionPolicy, UpdateReplacePolicy }, { DeletionPolicy: 'Snapshot', UpdateReplacePolicy: 'Snapshot' }, Type)
    }
    t.equal(Object.values(Resources).filter(({ Type }) => Type === 'AWS::RDS::DBCluster').length, 1)
  })

  t.test(`${name}: outputs are references, exported under names of the stack alone`, async t => {
    t.strictSame(Object.keys(Outputs), ['StackName', 'ClusterName', 'DNSName', 'DBName', 'DBPort', 'ClusterArn', 'SecretArn'])
    for (const [key, { Value, Export }] of Object.entries(Outputs)) {
      t.equal(Export.Name, placeholder('AWS::StackName') + `-${key}`)
      t.notMatch(JSON.stringify(Value), /password|resolve:/i, `${key} holds no secret`)
    }
  })

  t.test(`${name}: the master user comes from a secret, and the storage is encrypted`, async t => {
    const { Properties } = Resources.AuroraCluster ?? {}
    t.equal(Properties?.StorageEncrypted, true)
    t.strictSame(Properties?.MasterUserPassword, resolved('password'))
    t.strictSame(Properties?.MasterUsername, ['HasData', 'AWS::NoValue', resolved('username')], 'data brings its own master user')
    t.equal(Properties?.Engine, 'aurora-postgresql')
    t.equal(Properties?.EngineMode, name === 'aurora-serverless-postgres' ? 'serverless' : undefined)
  })
}

t.test('the second generation has one serverless writer', async t => {
  const { Resources } = readTemplate('aurora-serverless-v2-postgres')
  t.strictSame(Object.values(Resources).filter(({ Type }) => Type === 'AWS::RDS::DBInstance').map(({ Properties }) => Properties.DBInstanceClass), ['db.serverless'])
})

t.test('the network exports what the other two import', async t => {
  const exported = Object.values(readTemplate('network').Outputs).map(({ Export }) => String(Export.Name).replace(placeholder('AWS::StackName'), ''))
  for (const [name] of databaseTemplates) {
    const imported = [...readFileSync(join(ROOT, 'templates', `${name}.yaml`), 'utf8').matchAll(/\$\{NetworkStackName\}(-\w+)/g)].map(([, suffix]) => suffix)
    t.ok(imported.length > 0)
    t.strictSame(imported.filter(suffix => !exported.includes(String(suffix))), [])
  }
})

t.test('CloudFormation takes every template inline', async t => {
  t.strictSame([...loadCatalog().keys()], databaseTemplates.map(([name]) => name), 'the network is no product')
  for (const { body } of loadCatalog().values()) t.ok(Buffer.byteLength(body) <= 51_200)
})
