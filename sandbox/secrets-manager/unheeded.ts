import type { Unheeded } from '../unheeded.js'

export const unheeded: Unheeded = {
  code: 'InvalidParameterException',
  rows: [
    { members: ['AddReplicaRegions.Region', 'ForceOverwriteReplicaSecret'], idle: 'Replicas are refused as a whole.' },
    { members: ['RotationToken'], idle: 'It tells which function rotates, and no function does here.' },
    { members: ['ExternalSecretRotationMetadata', 'ExternalSecretRotationRoleArn', 'Type'] }
  ]
}
