import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Stack } from '@aws-sdk/client-cloudformation'
import { DescribeDBClustersCommand } from '@aws-sdk/client-rds'
import { ExecuteStatementCommand } from '@aws-sdk/client-rds-data'
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager'
import { ROOT } from '../../helpers/source-tree.js'
import type { StackKind } from './stacks-work.js'
import { unlessMissing } from './work.js'

/** A secret and something inert. */
export const smallStacks: StackKind = {
  prefix: 'small',
  most: 12,
  numbers: { least: 1, most: 1000 },
  template: JSON.stringify({
    Parameters: { Number: { Type: 'Number' } },
    Resources: {
      Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: { Ref: 'AWS::StackName' }, Description: { Ref: 'Number' }, GenerateSecretString: {} } },
      Topic: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: { 'Fn::Join': [' ', [{ Ref: 'Secret' }, { Ref: 'Number' }]] } } }
    },
    Outputs: { Topic: { Value: { Ref: 'Topic' } } }
  }),
  parameters: (_name, value) => ({ Number: String(value) }),
  inspect: async ({ secrets }, name, _stack, value) => {
    const secret = await unlessMissing(secrets.send(new DescribeSecretCommand({ SecretId: name })))
    const wanted = value === undefined ? undefined : String(value)
    return secret?.Description === wanted ? [] : [`the secret of ${name} says ${secret?.Description}, not ${wanted}`]
  }
}

/** The service's own template. Deleting one takes a final snapshot. */
export const databaseStacks: StackKind = {
  prefix: 'database',
  most: 2,
  numbers: { least: 2, most: 35 },
  template: readFileSync(join(ROOT, 'templates/aurora-serverless-v2-postgres.yaml'), 'utf8'),
  parameters: (name, value) => ({ DBMaster: '', ClusterName: name, DBBackupRetentionPeriod: String(value) }),
  inspect: async ({ rds, dataApi }, name, stack, value) => {
    const cluster = (await unlessMissing(rds.send(new DescribeDBClustersCommand({ DBClusterIdentifier: name }))))?.DBClusters?.[0]
    if (cluster?.BackupRetentionPeriod !== value) return [`the cluster ${name} keeps backups for ${cluster?.BackupRetentionPeriod} days, not ${value}`]
    if (!cluster) return []
    const { records } = await dataApi.send(new ExecuteStatementCommand({ ...placeIn(stack), sql: 'SELECT 1' }))
    return records?.[0]?.[0]?.longValue === 1 ? [] : [`the database of ${name} does not answer`]
  }
}

/** Where the Data API finds the database of a stack. */
export function placeIn ({ Outputs = [] }: Stack): { resourceArn: string, secretArn: string, database: string } {
  const outputs = new Map(Outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue ?? '']))
  return { resourceArn: outputs.get('ClusterArn') ?? '', secretArn: outputs.get('SecretArn') ?? '', database: outputs.get('DBName') ?? '' }
}
