import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { AwsError } from '../../aws.js'
import { PlainFailure } from '../engine/failure.js'
import { isObject, type JsonObject, ownValue, parseObject } from '../template/json.js'
import { isOwn, type RdsRoom, type ResourceHandler, type ResourceRequest, type SecretsRoom, tagsOf } from './handler.js'

/** `AWS::SecretsManager::Secret`, its value given or generated. Its physical id is its ARN, which Secrets Manager makes. */
export function createSecretHandler ({ operations }: SecretsRoom): ResourceHandler {
  const valueOf = async ({ caller, properties }: ResourceRequest): Promise<string | undefined> => {
    const { GenerateSecretString: recipe, SecretString: text } = properties
    if (!isObject(recipe)) return textOf(text)
    if (text !== undefined) throw new PlainFailure('Either GenerateSecretString or SecretString must have a value, but not both.')
    const { SecretStringTemplate: template, GenerateStringKey: key, ...options } = recipe
    const { RandomPassword: password = '' } = await operations.GetRandomPassword(options, caller)
    if (template === undefined && key === undefined) return password
    if (template === undefined || key === undefined) throw new PlainFailure('SecretStringTemplate and GenerateStringKey must both be set or removed')
    const secret = parseObject(String(template))
    if (!secret || typeof key !== 'string') throw new PlainFailure('SecretStringTemplate must be a JSON object, and GenerateStringKey the key to put the generated text under.')
    return JSON.stringify({ ...secret, [key]: password })
  }

  return {
    create: async (request, initiated) => {
      const { caller, properties, logicalId, nonce } = request
      const name = textOf(properties.Name) ?? `${logicalId}-${nonce}`
      const { ARN: arn = '' } = await operations.CreateSecret({
        Name: name,
        ClientRequestToken: tokenOf(nonce),
        Tags: tagsOf(request),
        ...described(properties),
        SecretString: await valueOf(request)
      }, caller).catch(async (error: unknown) => {
        if (!(error instanceof AwsError && error.code === 'ResourceExistsException')) throw error
        const present = await operations.DescribeSecret({ SecretId: name }, caller)
        if (!isOwn(present.Tags, request)) throw error
        return present
      })
      initiated(arn)
      return { Id: arn }
    },
    update: async (request, physicalId, previous) => {
      const { caller, properties } = request
      const isSame = (key: string): boolean => isDeepStrictEqual(ownValue(properties, key), ownValue(previous, key))
      const value = isSame('GenerateSecretString') && isSame('SecretString') ? undefined : await valueOf(request)
      await operations.UpdateSecret({ SecretId: physicalId, ...described(properties), SecretString: value }, caller)
      const wanted = tagsOf(request)
      const { Tags: present = [] } = await operations.DescribeSecret({ SecretId: physicalId }, caller)
      const gone = present.flatMap(({ Key: key = '' }) => wanted.some(tag => tag.Key === key) ? [] : [key])
      await operations.UntagResource({ SecretId: physicalId, TagKeys: gone }, caller)
      await operations.TagResource({ SecretId: physicalId, Tags: wanted }, caller)
      return { Id: physicalId }
    },
    delete: async ({ caller }, physicalId) => {
      await unlessGone(async () => await operations.DeleteSecret({ SecretId: physicalId, ForceDeleteWithoutRecovery: true }, caller))
    }
  }
}

function textOf (value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** What is told of a secret besides its value. */
function described ({ Description: description, KmsKeyId: key, ReplicaRegions: replicas = [] }: JsonObject) {
  if (!isDeepStrictEqual(replicas, [])) throw new PlainFailure('The sandbox does not replicate secrets to other Regions.')
  return { Description: textOf(description), KmsKeyId: textOf(key) }
}

/** Runs `action`, and takes a secret that is gone for done. */
async function unlessGone (action: () => Promise<unknown>): Promise<void> {
  await action().catch((error: unknown) => {
    if (!(error instanceof AwsError && error.code === 'ResourceNotFoundException')) throw error
  })
}

/** A version id, the same at every repetition, so that a secret is made once. */
function tokenOf (nonce: string): string {
  return createHash('sha256').update(nonce).digest('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, '$1-$2-$3-$4-$5')
}

/**
 * `AWS::SecretsManager::SecretTargetAttachment`: writes where the database is into its secret. Deleted, it leaves the
 * secret as it is.
 */
export function createSecretTargetAttachmentHandler (secrets: SecretsRoom, rds: RdsRoom): ResourceHandler {
  const attach = async ({ caller, properties }: ResourceRequest): Promise<string> => {
    const { SecretId: secretId, TargetId: targetId, TargetType: targetType } = properties
    const target = await targetFacts(rds, String(targetType), String(targetId), caller)
    const { ARN: arn = '', SecretString: text = '' } = await secrets.operations.GetSecretValue({ SecretId: String(secretId) }, caller)
    const secret = parseObject(text)
    if (!secret) throw new PlainFailure('The secret can not be attached to a database: its value is not a JSON object.')
    const attached = { ...secret, ...target }
    if (!isDeepStrictEqual(attached, secret)) {
      await secrets.operations.PutSecretValue({ SecretId: arn, SecretString: JSON.stringify(attached) }, caller)
    }
    return arn
  }

  return onSecret(attach, async () => undefined)
}

/** `AWS::SecretsManager::ResourcePolicy`. */
export function createSecretPolicyHandler ({ operations }: SecretsRoom): ResourceHandler {
  const put = async ({ caller, properties }: ResourceRequest): Promise<string> => {
    const { SecretId: secretId, ResourcePolicy: policy = {}, BlockPublicPolicy: isBlocked } = properties
    const ResourcePolicy = textOf(policy) ?? JSON.stringify(policy)
    const { ARN: arn = '' } = await operations.PutResourcePolicy({ SecretId: String(secretId), ResourcePolicy, BlockPublicPolicy: isBlocked === true }, caller)
    return arn
  }
  return onSecret(put, async ({ caller }, secretId) => {
    await unlessGone(async () => await operations.DeleteResourcePolicy({ SecretId: secretId }, caller))
  })
}

/** For what is put onto a secret, and is called by its ARN. */
function onSecret (put: (request: ResourceRequest) => Promise<string>, remove: ResourceHandler['delete']): ResourceHandler {
  return {
    create: async (request, initiated) => {
      const arn = await put(request)
      initiated(arn)
      return { Id: arn }
    },
    update: async request => ({ Id: await put(request) }),
    delete: remove
  }
}

async function targetFacts (
  { operations }: RdsRoom, type: string, identifier: string, caller: ResourceRequest['caller']
): Promise<JsonObject> {
  if (type === 'AWS::RDS::DBCluster') {
    const { DBClusters: [found] = [] } = await operations.DescribeDBClusters({ DBClusterIdentifier: identifier }, caller)
    return { dbClusterIdentifier: identifier, ...connectionFacts(found?.Engine, found?.Endpoint, found?.Port, found?.DatabaseName) }
  }
  if (type === 'AWS::RDS::DBInstance') {
    const { DBInstances: [found] = [] } = await operations.DescribeDBInstances({ DBInstanceIdentifier: identifier }, caller)
    const { Address: host, Port: port } = found?.Endpoint ?? {}
    return { dbInstanceIdentifier: identifier, ...connectionFacts(found?.Engine, host, port, found?.DBName) }
  }
  throw new PlainFailure(`TargetType ${type} is not available in the sandbox; AWS::RDS::DBCluster and AWS::RDS::DBInstance are.`)
}

/** What a secret says of a database (Secrets Manager User Guide, "JSON structure of secrets"), where the engine has a name of its own. */
function connectionFacts (engine = '', host = '', port = 5432, dbname?: string): JsonObject {
  return { engine: engine.replace('aurora-', '').replace('postgresql', 'postgres'), host, port, ...(dbname === undefined ? {} : { dbname }) }
}
