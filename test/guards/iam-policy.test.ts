import { readdirSync, readFileSync } from 'node:fs'

import { test } from 'tap'

import { readTemplate } from '../../src/templates/template.js'

interface Statement { Sid: string, Effect: string, Action: string | string[], Resource: string | string[], Condition?: unknown }

const root = new URL('..', import.meta.resolve('#templates/network.yaml'))
const document = readFileSync(new URL('docs/iam-policy.json', root), 'utf8')
const { Statement: statements } = JSON.parse(document) as { Statement: Statement[] }
const actions = statements.flatMap(({ Action }) => Action)

/** The prefix of a service's actions, by the name of its SDK package. */
const prefixes: Readonly<Record<string, string>> = {
  cloudformation: 'cloudformation', rds: 'rds', 'rds-data': 'rds-data', 'secrets-manager': 'secretsmanager', cloudwatch: 'cloudwatch', sts: 'sts'
}

/** What it takes to make and to remove a resource of each type (the `handlers` of its CloudFormation registry schema). */
const handlers: Readonly<Record<string, string[]>> = {
  'AWS::RDS::DBCluster': [
    'iam:CreateServiceLinkedRole', 'rds:AddTagsToResource', 'rds:CreateDBCluster', 'rds:CreateDBClusterSnapshot', 'rds:DeleteDBCluster',
    'rds:DescribeDBClusters', 'rds:DescribeDBClusterSnapshots', 'rds:DescribeEvents', 'rds:DescribeGlobalClusters', 'rds:EnableHttpEndpoint',
    'rds:ModifyDBCluster', 'rds:RestoreDBClusterFromSnapshot', 'rds:RestoreDBClusterToPointInTime'
  ],
  'AWS::RDS::DBInstance': [
    'ec2:DescribeAccountAttributes', 'ec2:DescribeAvailabilityZones', 'ec2:DescribeInternetGateways', 'ec2:DescribeSecurityGroups',
    'ec2:DescribeSubnets', 'ec2:DescribeVpcAttribute', 'ec2:DescribeVpcs', 'rds:CreateDBInstance', 'rds:DeleteDBInstance', 'rds:DescribeDBInstances'
  ],
  'AWS::SecretsManager::Secret': [
    'secretsmanager:CreateSecret', 'secretsmanager:DeleteSecret', 'secretsmanager:DescribeSecret', 'secretsmanager:GetRandomPassword', 'secretsmanager:TagResource'
  ],
  'AWS::SecretsManager::SecretTargetAttachment': ['rds:DescribeDBClusters', 'secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue']
}

/** What it takes beyond that to change one. */
const changeHandlers: Readonly<Record<string, string[]>> = {
  'AWS::RDS::DBCluster': ['rds:DisableHttpEndpoint', 'rds:RemoveTagsFromResource'],
  'AWS::RDS::DBInstance': ['rds:DescribeDBEngineVersions', 'rds:DescribeDBParameterGroups', 'rds:ModifyDBInstance', 'rds:RemoveTagsFromResource'],
  'AWS::SecretsManager::Secret': ['secretsmanager:UntagResource', 'secretsmanager:UpdateSecret']
}

/** The actions behind the SDK's commands and paginators that a source text imports. */
function importedActions (source: string): string[] {
  return [...source.matchAll(/import \{([^}]*)\} from '@aws-sdk\/client-([a-z-]+)'/g)].flatMap(([, names = '', service = '']) =>
    [...names.matchAll(/\b(?:([A-Z]\w+)Command|paginate(\w+))\b/g)].map(([, command, paginated]) => `${prefixes[service]}:${command ?? paginated}`))
}

const sources = readdirSync(new URL('src/aws/', root)).filter(name => name.endsWith('.ts'))
  .map(name => readFileSync(new URL(`src/aws/${name}`, root), 'utf8'))
/** The Data API is called by its paths, and not by commands. */
const dataApiActions = ['ExecuteStatement', 'BatchExecuteStatement', 'BeginTransaction', 'CommitTransaction', 'RollbackTransaction'].map(name => `rds-data:${name}`)
/** What is asked for in passing, because a stack or a change set has tags (CloudFormation User Guide, "Example IAM identity-based policies"). */
const taggingActions = ['cloudformation:TagResource', 'cloudformation:UntagResource']
/** What everybody may, whatever a policy says (STS API, GetCallerIdentity). */
const freeActions: readonly string[] = ['sts:GetCallerIdentity']
const all = [...sources.flatMap(importedActions), ...dataApiActions, ...taggingActions]
const called = new Set(all.filter(action => !freeActions.includes(action)))

const made = new Set(readdirSync(new URL('templates/', root)).filter(name => name.endsWith('.yaml'))
  .map(name => readTemplate(name, readFileSync(new URL(`templates/${name}`, root), 'utf8')))
  .flatMap(template => template?.resources.map(({ type }) => type) ?? []))

const changesStacks = called.has('cloudformation:ExecuteChangeSet') || called.has('cloudformation:UpdateStack')
const madeForStacks = [...made].flatMap(type => [...handlers[type] ?? [], ...changesStacks ? changeHandlers[type] ?? [] : []])

test('every call that the service makes is allowed', async t => {
  t.ok(called.has('cloudformation:CreateStack'), 'the imports are read')
  t.ok(called.has('cloudformation:DescribeStacks'), 'and the paginators among them')
  t.same([...called].filter(action => !actions.includes(action)), [])
})

test('reading the imports finds what nothing allows', async t => {
  t.same(importedActions("import {\n  DeleteDBClusterCommand, type RDSClient,\n  paginateListSecrets } from '@aws-sdk/client-rds'"),
    ['rds:DeleteDBCluster', 'rds:ListSecrets'])
})

test('what the stacks of the products need is allowed', async t => {
  t.same([...made].filter(type => !Object.hasOwn(handlers, type)), [], 'a new type of resource needs a line in this test, and its actions in the policy')
  t.same(madeForStacks.filter(action => !actions.includes(action)), [])
})

test('nothing is allowed that is not needed', async t => {
  const needed = new Set([...called, ...madeForStacks])
  t.same(actions.filter(action => !needed.has(action)), [])
  t.same(actions.filter(action => action.includes('*')), [], 'no action is a pattern')
  t.same(statements.filter(({ Effect }) => Effect !== 'Allow'), [])
})

test('what can be bound to something is', async t => {
  const unbound = statements.filter(({ Resource, Condition }) => Resource === '*' && Condition === undefined)
  t.same(unbound.flatMap(({ Action }) => Action).filter(action => !/:(Describe|List|Validate|GetMetricData)/.test(action)), [], 'only readings are on everything')
  t.ok(JSON.stringify(JSON.parse(document)).length < 6144, 'it fits into one managed policy')
})
