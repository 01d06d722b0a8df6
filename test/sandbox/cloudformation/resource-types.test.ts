import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec'
import t from 'tap'
import { openSpecification, type ResourceType } from '../../../sandbox/cloudformation/specification/specification.js'
import type { Json } from '../../../sandbox/cloudformation/template/json.js'
import { caller, eventsOf, openLab, statusOf } from './fixture.js'
import { minimalProperties } from './minimal-properties.js'

/** `RESOURCE_TYPES=2000 SEED=1` tries all of them. */
const SAMPLE = Number(process.env.RESOURCE_TYPES ?? 80)
const SEED = Number(process.env.SEED ?? Date.now() % 100_000)
const TOGETHER = 20

/** These do something: they need databases and secrets, or a nested stack as those of SAM do, and have tests of their own. */
const RUN = new Set(['AWS::CloudFormation::Stack', 'AWS::Serverless::Application', 'AWS::RDS::DBCluster', 'AWS::RDS::DBClusterParameterGroup', 'AWS::RDS::DBInstance', 'AWS::RDS::DBParameterGroup',
  'AWS::RDS::DBSubnetGroup', 'AWS::SecretsManager::ResourcePolicy', 'AWS::SecretsManager::Secret', 'AWS::SecretsManager::SecretTargetAttachment'])

const capabilities = ['CAPABILITY_NAMED_IAM'] as const

t.comment(`SEED=${SEED}`)

t.test('any resource type is created with what it requires, refers and answers for its attributes, and is deleted', async t => {
  const specification = await openSpecification()
  const names = loadAwsServiceSpecSync().all('resource').map(({ cloudFormationType }) => cloudFormationType).filter(name => !RUN.has(name))
  const sample = shuffled(names, SEED).slice(0, SAMPLE)
  const lab = openLab()
  t.teardown(lab.close)
  for (let at = 0; at < sample.length; at += TOGETHER) {
    const types = sample.slice(at, at + TOGETHER).map(name => specification.typeOf(name)).filter(type => type !== undefined)
    const template = {
      Resources: Object.fromEntries(types.map((type, index) => [`R${index}`, { Type: type.cloudFormationType, Properties: minimalProperties(type, specification) as Json }])),
      Outputs: Object.fromEntries(types.flatMap((type, index) => outputsOf(type, index)))
    }
    const { StackId: id = '' } = await lab.operations.CreateStack({ StackName: `types-${at}`, TemplateBody: JSON.stringify(template), Capabilities: [...capabilities] }, caller)
    await lab.whenIdle(id)
    t.equal(await statusOf(lab, id), 'CREATE_COMPLETE', types.map(type => type.cloudFormationType).join(', '))
    t.strictSame((await eventsOf(lab, id)).filter(event => event.includes('FAILED')), [])
    await lab.operations.DeleteStack({ StackName: id }, caller)
    await lab.whenIdle(id)
    t.equal(await statusOf(lab, id), 'DELETE_COMPLETE')
  }
})

function outputsOf ({ attributes }: ResourceType, index: number): Array<[string, object]> {
  const texts = Object.entries(attributes).filter(([, { type }]) => type.type === 'string').slice(0, 3)
  return [[`Ref${index}`, { Value: { Ref: `R${index}` } }], ...texts.map(([name], at): [string, object] => [`Att${index}x${at}`, { Value: { 'Fn::GetAtt': [`R${index}`, name] } }])]
}

/** The same order for the same seed (a linear congruential generator). */
function shuffled (names: readonly string[], seed: number): string[] {
  let state = seed
  const next = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0)
  return names.map(name => ({ name, order: next() })).sort((a, b) => a.order - b.order).map(({ name }) => name)
}
