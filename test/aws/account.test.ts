import { CloudFormationClient, CloudFormationServiceException, ListExportsCommand, ValidateTemplateCommand } from '@aws-sdk/client-cloudformation'
import { DescribeAccountAttributesCommand, DescribeDBEngineVersionsCommand, RDSClient } from '@aws-sdk/client-rds'
import { mockClient } from 'aws-sdk-client-mock'
import t from 'tap'

import { createAccount } from '../../src/aws/account.js'
import { REGION } from '../helpers/facts.js'

function createMocked () {
  const cloudFormation = new CloudFormationClient({ region: REGION })
  const rds = new RDSClient({ region: REGION })
  const mocks = { cloudFormation: mockClient(cloudFormation), rds: mockClient(rds) }
  for (const mock of [mocks.cloudFormation, mocks.rds]) mock.onAnyCommand().rejects(new Error('an unexpected call'))
  return { ...mocks, account: createAccount(() => cloudFormation, () => rds) }
}

t.test('the versions of every page, with what each can do', async t => {
  const { rds, account } = createMocked()
  rds.on(DescribeDBEngineVersionsCommand, { Engine: 'aurora-postgresql' })
    .resolvesOnce({ Marker: 'more', DBEngineVersions: [{ EngineVersion: '13.9', SupportedEngineModes: ['provisioned', 'serverless'] }] })
    .resolvesOnce({ DBEngineVersions: [{ EngineVersion: '17.7', SupportedEngineModes: ['provisioned'], ServerlessV2FeaturesSupport: { MinCapacity: 0, MaxCapacity: 256 } }, {}] })
  t.strictSame(await account.offeredVersions(REGION), [
    { version: '13.9', modes: ['provisioned', 'serverless'], serverlessV2: null },
    { version: '17.7', modes: ['provisioned'], serverlessV2: { minAcu: 0, maxAcu: 256 } }
  ])
  t.equal(rds.commandCalls(DescribeDBEngineVersionsCommand)[1]?.args[0].input.Marker, 'more')
})

t.test('what a version can be upgraded to, also a retired one', async t => {
  const { rds, account } = createMocked()
  rds.on(DescribeDBEngineVersionsCommand, { Engine: 'aurora-postgresql', EngineVersion: '16.4', IncludeAll: true })
    .resolves({ DBEngineVersions: [{ EngineVersion: '16.4', Status: 'deprecated', ValidUpgradeTarget: [{ EngineVersion: '16.8' }, { EngineVersion: '17.7', IsMajorVersionUpgrade: true }] }] })
    .on(DescribeDBEngineVersionsCommand, { EngineVersion: '18.4' }).resolves({ DBEngineVersions: [{ EngineVersion: '18.4' }] })
    .on(DescribeDBEngineVersionsCommand, { EngineVersion: '99' }).resolves({})
  t.strictSame(await Promise.all(['16.4', '18.4', '99'].map(async version => await account.upgradesOf(REGION, version))), [['16.8', '17.7'], [], null])
})

t.test('exports are looked for page by page, and no further than needed', async t => {
  const { cloudFormation, account } = createMocked()
  const page = (name: string, NextToken?: string) => ({ Exports: [{ Name: name, Value: 'x' }], ...(NextToken ? { NextToken } : {}) })
  cloudFormation.on(ListExportsCommand).resolves(page('a', '2')).on(ListExportsCommand, { NextToken: '2' }).resolves(page('b', '3')).on(ListExportsCommand, { NextToken: '3' }).resolves(page('c'))
  t.strictSame(await account.missingExports(REGION, []), [])
  t.equal(cloudFormation.commandCalls(ListExportsCommand).length, 0)
  t.strictSame(await account.missingExports(REGION, ['b', 'a']), [])
  t.equal(cloudFormation.commandCalls(ListExportsCommand).length, 2)
  t.strictSame(await account.missingExports(REGION, ['c', 'd']), ['d'])
  t.equal(cloudFormation.commandCalls(ListExportsCommand).length, 5)
})

t.test('quotas by their names', async t => {
  const { rds, account } = createMocked()
  rds.on(DescribeAccountAttributesCommand).resolves({ AccountQuotas: [{ AccountQuotaName: 'DBClusters', Used: 3, Max: 40 }] })
  t.strictSame([...await account.quotas(REGION)], [['DBClusters', { used: 3, max: 40 }]])
})

t.test('a template that is refused is told from a question that is', async t => {
  const { cloudFormation, account } = createMocked()
  const failing = (name: string, message: string) => cloudFormation.on(ValidateTemplateCommand, { TemplateBody: 'Resources: {}' })
    .rejects(new CloudFormationServiceException({ name, message, $fault: 'client', $metadata: { httpStatusCode: 400 } }))
  cloudFormation.on(ValidateTemplateCommand).resolves({})
  t.equal(await account.refusalOf(REGION, 'Resources: {}'), null)
  failing('ValidationError', 'Template format error')
  t.equal(await account.refusalOf(REGION, 'Resources: {}'), 'Template format error')
  failing('Throttling', 'Rate exceeded')
  await t.rejects(account.refusalOf(REGION, 'Resources: {}'), { name: 'AwsFailure', kind: 'throttled' })
})
