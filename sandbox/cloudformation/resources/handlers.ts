import type { Clock } from '../../clock.js'
import { PlainFailure } from '../engine/failure.js'
import { clusterKind } from './db-cluster.js'
import type { Pause, RdsRoom, ResourceHandler, SecretsRoom } from './handler.js'
import { createInertHandler } from './inert.js'
import { createRdsHandler } from './rds-handler.js'
import { instanceKind, parameterGroupKind, subnetGroupKind } from './rds-kinds.js'
import { createSecretHandler, createSecretPolicyHandler, createSecretTargetAttachmentHandler } from './secret.js'

export type HandlerTable = Readonly<Record<string, ResourceHandler>>

interface Dependencies {
  rds: RdsRoom
  secrets: SecretsRoom
  clock: Clock
  pause: Pause
}

/** Who handles a resource type: those that the sandbox runs, and one that stands for all others. */
export function createHandlers (dependencies: Dependencies, replaced: HandlerTable = {}): (type: string) => ResourceHandler {
  const { rds, secrets, clock, pause } = dependencies
  const table: HandlerTable = {
    'AWS::CloudFormation::Stack': createRefusingHandler('Nested stacks are not available in the sandbox, which has no S3 to read their templates from.'),
    'AWS::RDS::DBCluster': createRdsHandler(rds, clusterKind(rds)),
    'AWS::RDS::DBClusterParameterGroup': createRdsHandler(rds, parameterGroupKind('DBClusterParameterGroup')),
    'AWS::RDS::DBInstance': createRdsHandler(rds, instanceKind),
    'AWS::RDS::DBParameterGroup': createRdsHandler(rds, parameterGroupKind('DBParameterGroup')),
    'AWS::RDS::DBSubnetGroup': createRdsHandler(rds, subnetGroupKind),
    'AWS::SecretsManager::ResourcePolicy': createSecretPolicyHandler(secrets),
    'AWS::SecretsManager::Secret': createSecretHandler(secrets),
    'AWS::SecretsManager::SecretTargetAttachment': createSecretTargetAttachmentHandler(secrets, rds),
    ...replaced
  }
  const inert = createInertHandler(clock, pause)
  return type => table[type] ?? inert
}

/** For what would be a wrong success if it did nothing. */
function createRefusingHandler (reason: string): ResourceHandler {
  const refuse = async (): Promise<never> => { throw new PlainFailure(reason) }
  return { create: refuse, update: refuse, delete: async () => undefined }
}
