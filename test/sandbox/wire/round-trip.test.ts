import assert from 'node:assert/strict'
import * as cloudFormation from '@aws-sdk/client-cloudformation'
import * as cloudWatch from '@aws-sdk/client-cloudwatch'
import * as rds from '@aws-sdk/client-rds'
import * as rdsData from '@aws-sdk/client-rds-data'
import * as secretsManager from '@aws-sdk/client-secrets-manager'
import * as sts from '@aws-sdk/client-sts'
import { AwsQueryProtocol, AwsSmithyRpcV2CborProtocol } from '@aws-sdk/core/protocols'
import fc from 'fast-check'
import t from 'tap'
import type { Operations } from '../../../sandbox/aws.js'
import { wireServices } from '../../../sandbox/wire/services.js'
import { requiredMembers, type Shape } from '../../../sandbox/wire/schemas.js'
import { openWire } from './open-wire.js'
import { valueOf } from './shape-values.js'

interface AnyClient {
  send: (command: unknown) => Promise<Record<string, unknown>>
  destroy: () => void
}
type AnyCommand = new (input: unknown) => unknown
type Config = Awaited<ReturnType<typeof openWire>>['config']

interface Spoken {
  service: string
  how: string
  open: (config: Config) => AnyClient
  commands: Readonly<Record<string, unknown>>
}

/** The SDK's own clients, which know nothing of the sandbox. */
const clients: readonly Spoken[] = [
  { service: 'cloudformation', how: 'a form and XML', open: config => new cloudFormation.CloudFormationClient(config) as AnyClient, commands: cloudFormation },
  { service: 'rds', how: 'a form and XML', open: config => new rds.RDSClient(config) as AnyClient, commands: rds },
  { service: 'rds-data', how: 'JSON at a path', open: config => new rdsData.RDSDataClient(config) as AnyClient, commands: rdsData },
  { service: 'secretsmanager', how: 'JSON', open: config => new secretsManager.SecretsManagerClient(config) as AnyClient, commands: secretsManager },
  { service: 'sts', how: 'a form and XML', open: config => new sts.STSClient(config) as AnyClient, commands: sts },
  { service: 'monitoring', how: 'JSON', open: config => new cloudWatch.CloudWatchClient(config) as AnyClient, commands: cloudWatch },
  { service: 'monitoring', how: 'CBOR', open: config => new cloudWatch.CloudWatchClient({ ...config, protocol: AwsSmithyRpcV2CborProtocol }) as AnyClient, commands: cloudWatch },
  { service: 'monitoring', how: 'a form and XML', open: config => new cloudWatch.CloudWatchClient({ ...config, protocol: AwsQueryProtocol }) as AnyClient, commands: cloudWatch }
]

/** For these the SDK signs a second request to another region, which the sandbox never sees the members of. */
const presigning = ['CopyDBSnapshot', 'CopyDBClusterSnapshot', 'CreateDBCluster', 'CreateDBInstanceReadReplica', 'StartDBInstanceAutomatedBackupsReplication']

for (const { service, how, open, commands } of clients) {
  t.test(`whatever ${service} is asked and answers arrives as it was sent, as ${how}`, async t => {
    const names = [...wireServices.get(service)?.model.operations.keys() ?? []].filter(name => !presigning.includes(name))
    let asked: unknown
    let answer: unknown
    const room: Operations = Object.fromEntries(names.map(name => [name, async (input: unknown) => {
      asked = input
      return answer
    }]))
    const wire = await openWire(t, { [service]: room })
    const client = open(wire.config)
    t.teardown(() => { client.destroy() })

    const calls = fc.constantFrom(...names).chain(name => {
      const { input, output } = wireServices.get(service)?.model.operations.get(name) ?? assert.fail(name)
      return fc.record({ name: fc.constant(name), input: completeValueOf(input), output: valueOf(output) })
    })
    await fc.assert(fc.asyncProperty(calls, async ({ name, input, output }) => {
      answer = output
      const Command = commands[`${name}Command`] as AnyCommand
      const { $metadata, ...received } = await client.send(new Command(input))
      // A clone of a Buffer is a Uint8Array, which is all that anybody is promised.
      assert.deepEqual(structuredClone(asked), input)
      assert.deepEqual(structuredClone(received), output)
      assert.equal(typeof ($metadata as { requestId: string }).requestId, 'string')
    }), { numRuns: 60 })
  })
}

/** With every member that the model requires, so that the sandbox lets it pass. */
function completeValueOf (shape: Shape): fc.Arbitrary<unknown> {
  return shape.isUnitSchema() ? fc.constant({}) : valueOf(shape, 0, requiredMembers)
}
