import { isDeepStrictEqual } from 'node:util'
import { PlainFailure } from '../engine/failure.js'
import type { JsonObject } from '../template/json.js'
import type { RdsRoom, ResourceHandler, ResourceRequest, SecretsRoom } from './handler.js'
import { parseObject } from './secret.js'

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

  return {
    create: async (request, initiated) => {
      const arn = await attach(request)
      initiated(arn)
      return { Id: arn }
    },
    update: async request => ({ Id: await attach(request) }),
    delete: async () => undefined
  }
}

async function targetFacts ({ operations }: RdsRoom, type: string, identifier: string, caller: ResourceRequest['caller']): Promise<JsonObject> {
  if (type === 'AWS::RDS::DBCluster') {
    const { DBClusters: [found] = [] } = await operations.DescribeDBClusters({ DBClusterIdentifier: identifier }, caller)
    return { dbClusterIdentifier: identifier, ...connectionFacts(found?.Engine, found?.Endpoint, found?.Port, found?.DatabaseName) }
  }
  if (type === 'AWS::RDS::DBInstance') {
    const { DBInstances: [found] = [] } = await operations.DescribeDBInstances({ DBInstanceIdentifier: identifier }, caller)
    return { dbInstanceIdentifier: identifier, ...connectionFacts(found?.Engine, found?.Endpoint?.Address, found?.Endpoint?.Port, found?.DBName) }
  }
  throw new PlainFailure(`TargetType ${type} is not available in the sandbox; AWS::RDS::DBCluster and AWS::RDS::DBInstance are.`)
}

/** What a secret says of a database (Secrets Manager User Guide, "JSON structure of secrets"), where the engine has a name of its own. */
function connectionFacts (engine = '', host = '', port = 5432, dbname?: string): JsonObject {
  return { engine: engine.replace('aurora-', '').replace('postgresql', 'postgres'), host, port, ...(dbname === undefined ? {} : { dbname }) }
}
