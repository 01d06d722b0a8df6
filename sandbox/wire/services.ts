import * as cloudFormation from '@aws-sdk/client-cloudformation'
import * as cloudWatch from '@aws-sdk/client-cloudwatch'
import * as rds from '@aws-sdk/client-rds'
import * as rdsData from '@aws-sdk/client-rds-data'
import * as secretsManager from '@aws-sdk/client-secrets-manager'
import * as sts from '@aws-sdk/client-sts'
import type { WireService } from './protocol.js'
import { cborRpc, jsonRpc, query, restJson } from './protocols.js'
import { readModel } from './schemas.js'

const all: ReadonlyArray<Omit<WireService, 'xmlNamespace'>> = [
  {
    signingName: 'cloudformation',
    title: 'AWS CloudFormation',
    version: '2010-05-15',
    protocols: [query],
    missingMember: 'ValidationError',
    model: readModel(cloudFormation)
  },
  {
    signingName: 'monitoring',
    title: 'Amazon CloudWatch',
    version: '2010-08-01',
    targetPrefix: 'GraniteServiceVersion20100801',
    jsonVersion: '1.0',
    protocols: [jsonRpc, cborRpc, query],
    missingMember: 'MissingParameter',
    model: readModel(cloudWatch)
  },
  { signingName: 'rds', title: 'Amazon RDS', version: '2014-10-31', protocols: [query], missingMember: 'MissingParameter', model: readModel(rds) },
  {
    signingName: 'rds-data',
    title: 'the RDS Data API',
    version: '2018-08-01',
    protocols: [restJson],
    missingMember: 'ValidationException',
    model: readModel(rdsData)
  },
  {
    signingName: 'secretsmanager',
    title: 'AWS Secrets Manager',
    version: '2017-10-17',
    targetPrefix: 'secretsmanager',
    protocols: [jsonRpc],
    missingMember: 'ValidationException',
    missingToken: {
      CreateSecret: 'InvalidRequestException',
      PutSecretValue: 'InvalidRequestException',
      RotateSecret: 'InvalidParameterException',
      UpdateSecret: 'InvalidRequestException'
    },
    model: readModel(secretsManager)
  },
  { signingName: 'sts', title: 'AWS STS', version: '2011-06-15', protocols: [query], missingMember: 'ValidationError', model: readModel(sts) }
]

/** The namespaces of AWS's XML are addresses that nobody visits; that of STS alone is a safe one. */
function namespaceOf ({ signingName, version }: Pick<WireService, 'signingName' | 'version'>): string {
  return `http${signingName === 'sts' ? 's' : ''}://${signingName}.amazonaws.com/doc/${version}/`
}

/** Every service whose language the sandbox knows, by signing name. */
export const wireServices: ReadonlyMap<string, WireService> =
  new Map(all.map(service => [service.signingName, { ...service, xmlNamespace: namespaceOf(service) }]))
