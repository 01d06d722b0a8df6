import {
  CloudFormationClient, ListChangeSetsCommand, paginateDescribeStacks
} from '@aws-sdk/client-cloudformation'
import { paginateDescribeDBClusters, paginateDescribeDBClusterSnapshots, paginateDescribeDBInstances, RDSClient } from '@aws-sdk/client-rds'
import { paginateListSecrets, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'

import { REGION } from './replicas.js'

/** What a client has in AWS. Names and times are left out, so that two clients that have the same are equal. */
export interface Belongings {
  stacks: Array<{ status: string, parameters: Record<string, string>, tags: Record<string, string>, isProtected: boolean }>
  changeSets: string[]
  clusters: string[]
  instances: string[]
  snapshots: string[]
  secrets: string[]
}

export interface Account {
  cloudFormation: CloudFormationClient
  rds: RDSClient
  secrets: SecretsManagerClient
  belongingsOf: (client: string) => Promise<Belongings>
  close: () => void
}

interface Tag { Key?: string | undefined, Value?: string | undefined }

/** AWS itself, asked past every service. */
export function openAccount (awsUrl: string): Account {
  const settings = { endpoint: awsUrl, region: REGION, credentials: { accessKeyId: 'any', secretAccessKey: 'any' } }
  const cloudFormation = new CloudFormationClient(settings)
  const rds = new RDSClient(settings)
  const secrets = new SecretsManagerClient(settings)

  const belongingsOf = async (client: string): Promise<Belongings> => {
    const isTheirs = (tags: readonly Tag[] | undefined): boolean => (tags ?? []).some(({ Key, Value }) => Key === 'aurora-databases:client' && Value === client)
    const found: Belongings = { stacks: [], changeSets: [], clusters: [], instances: [], snapshots: [], secrets: [] }
    for await (const { Stacks = [] } of paginateDescribeStacks({ client: cloudFormation }, {})) {
      for (const { StackName, StackStatus = '', Parameters = [], Tags = [], EnableTerminationProtection = false } of Stacks.filter(each => isTheirs(each.Tags))) {
        const parameters = Object.fromEntries(Parameters.map(({ ParameterKey = '', ParameterValue = '' }) => [ParameterKey, ParameterValue]))
        const tags = Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value]))
        found.stacks.push({ status: StackStatus, parameters, tags, isProtected: EnableTerminationProtection })
        const { Summaries = [] } = await cloudFormation.send(new ListChangeSetsCommand({ StackName }))
        const open = Summaries.filter(({ ExecutionStatus }) => ExecutionStatus !== 'EXECUTE_COMPLETE')
        found.changeSets.push(...open.map(({ Status, ExecutionStatus }) => `${Status} ${ExecutionStatus}`))
      }
    }
    for await (const { DBClusters = [] } of paginateDescribeDBClusters({ client: rds }, {})) {
      found.clusters.push(...DBClusters.filter(each => isTheirs(each.TagList)).map(({ Status = '' }) => Status))
    }
    for await (const { DBInstances = [] } of paginateDescribeDBInstances({ client: rds }, {})) {
      found.instances.push(...DBInstances.filter(each => isTheirs(each.TagList)).map(({ DBInstanceStatus = '' }) => DBInstanceStatus))
    }
    for await (const { SecretList = [] } of paginateListSecrets({ client: secrets }, {})) {
      found.secrets.push(...SecretList.filter(each => isTheirs(each.Tags)).map(({ DeletedDate }) => DeletedDate ? 'deleted' : 'there'))
    }
    for await (const { DBClusterSnapshots = [] } of paginateDescribeDBClusterSnapshots({ client: rds }, {})) {
      found.snapshots.push(...DBClusterSnapshots.filter(each => isTheirs(each.TagList)).map(({ Status = '' }) => Status))
    }
    return found
  }

  const close = (): void => { for (const client of [cloudFormation, rds, secrets]) client.destroy() }
  return { cloudFormation, rds, secrets, belongingsOf, close }
}
