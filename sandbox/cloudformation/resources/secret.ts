import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { AwsError, type Caller } from '../../aws.js'
import { PlainFailure } from '../engine/failure.js'
import { isObject, type JsonObject, ownValue, parseObject } from '../template/json.js'
import { isOwn, type RdsRoom, type ResourceHandler, type ResourceRequest, type SecretsRoom, tagsOf, unless } from './handler.js'

/** `AWS::SecretsManager::Secret`, its value given or generated. Its physical id is its ARN, which Secrets Manager makes. */
export function createSecretHandler ({ operations }: SecretsRoom): ResourceHandler {
  const valueOf = async ({ caller, properties }: ResourceRequest): Promise<{ SecretString?: string }> => {
    const { GenerateSecretString: recipe, SecretString: text } = properties
    if (isObject(recipe)) return { SecretString: await generate(recipe, caller) }
    return typeof text === 'string' ? { SecretString: text } : {}
  }

  const generate = async (recipe: JsonObject, caller: Caller): Promise<string> => {
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
      const { caller, properties } = request
      const name = typeof properties.Name === 'string' ? properties.Name : `${request.logicalId}-${request.nonce}`
      const arn = await createOnce(request, name)
      initiated(arn)
      return { Id: arn }

      async function createOnce (request: ResourceRequest, name: string): Promise<string> {
        try {
          const { ARN: made } = await operations.CreateSecret({
            Name: name,
            ClientRequestToken: tokenOf(request.nonce),
            Tags: tagsOf(request),
            ...described(properties),
            ...await valueOf(request)
          }, caller)
          return made ?? ''
        } catch (error) {
          if (!(error instanceof AwsError && error.code === 'ResourceExistsException')) throw error
          const { ARN: present, Tags: tags } = await operations.DescribeSecret({ SecretId: name }, caller)
          if (!isOwn(tags, request)) throw error
          return present ?? ''
        }
      }
    },
    update: async (request, physicalId, previous) => {
      const { caller, properties } = request
      const isSame = (key: string): boolean => JSON.stringify(ownValue(properties, key)) === JSON.stringify(ownValue(previous, key))
      const value = isSame('GenerateSecretString') && isSame('SecretString') ? {} : await valueOf(request)
      await operations.UpdateSecret({ SecretId: physicalId, ...described(properties), ...value }, caller)
      const wanted = tagsOf(request)
      const { Tags: present = [] } = await operations.DescribeSecret({ SecretId: physicalId }, caller)
      const gone = present.flatMap(({ Key: key = '' }) => wanted.some(tag => tag.Key === key) ? [] : [key])
      await operations.UntagResource({ SecretId: physicalId, TagKeys: gone }, caller)
      await operations.TagResource({ SecretId: physicalId, Tags: wanted }, caller)
      return { Id: physicalId }
    },
    delete: async ({ caller }, physicalId) => {
      await unless(['ResourceNotFoundException'], async () =>
        await operations.DeleteSecret({ SecretId: physicalId, ForceDeleteWithoutRecovery: true }, caller))
    }
  }
}

function described ({ Description: description, KmsKeyId: key }: JsonObject): { Description?: string, KmsKeyId?: string } {
  return {
    ...(typeof description === 'string' ? { Description: description } : {}),
    ...(typeof key === 'string' ? { KmsKeyId: key } : {})
  }
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
  const put = async ({ caller, properties: { SecretId: secretId, ResourcePolicy: policy = {} } }: ResourceRequest): Promise<string> => {
    const ResourcePolicy = typeof policy === 'string' ? policy : JSON.stringify(policy)
    const { ARN: arn = '' } = await operations.PutResourcePolicy({ SecretId: String(secretId), ResourcePolicy }, caller)
    return arn
  }
  return onSecret(put, async ({ caller }, secretId) => {
    await unless(['ResourceNotFoundException'], async () => await operations.DeleteResourcePolicy({ SecretId: secretId }, caller))
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
