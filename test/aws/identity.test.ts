import { GetCallerIdentityCommand, STSClient, STSServiceException } from '@aws-sdk/client-sts'
import { mockClient } from 'aws-sdk-client-mock'
import t from 'tap'

import { createIdentity } from '../../src/aws/identity.js'

const client = new STSClient({ region: 'us-east-1' })
const mock = mockClient(client)
const regions: string[] = []
const { isKnown } = createIdentity(region => {
  regions.push(region)
  return client
})

t.test('credentials are asked about where every account is at home', async t => {
  mock.on(GetCallerIdentityCommand).resolves({ Account: '000000000000' })
  for (const region of ['eu-south-1', 'cn-northwest-1', 'us-gov-east-1']) t.equal(await isKnown(region), true)
  t.strictSame(regions, ['us-east-1', 'cn-north-1', 'us-gov-west-1'])
})

t.test('those that nobody knows are told from an answer that did not come', async t => {
  const refuse = (name: string, httpStatusCode: number) => mock.on(GetCallerIdentityCommand).rejects(new STSServiceException({ name, message: 'no', $fault: 'client', $metadata: { httpStatusCode } }))
  for (const name of ['InvalidClientTokenId', 'SignatureDoesNotMatch', 'ExpiredToken']) {
    refuse(name, 403)
    t.equal(await isKnown('eu-south-1'), false, name)
  }
  refuse('Throttling', 400)
  await t.rejects(isKnown('eu-south-1'), { name: 'AwsFailure', kind: 'throttled' })
})
