import { Ajv } from 'ajv'
import fc from 'fast-check'
import t from 'tap'

import { loadCatalog } from '../../src/templates/catalog.js'
import { resourcesOf } from '../../src/templates/conditions.js'
import { fromTexts, resolveParameters, toTexts } from '../../src/templates/parameters.js'
import { parametersSchema } from '../../src/templates/schema.js'
import { readTemplate, type Template } from '../../src/templates/template.js'

const catalog = loadCatalog()

/** A product with one of everything. */
const example = read(`
Metadata:
  AuroraDatabases: { Title: Example, Generation: v2, SetByService: { Owner: client }, Defaults: { Secret: '' }, Changeable: [Size] }
Parameters:
  Size: { Type: Number, Default: 2, MinValue: 1, MaxValue: 4 }
  Name: { Type: String, MinLength: 2, MaxLength: 5, AllowedPattern: '^[a-z]+$' }
  Kind: { Type: String, Default: small, AllowedValues: [small, large] }
  Flag: { Type: String, Default: 'false', AllowedValues: ['true', 'false'] }
  Secret: { Type: String, Default: Mahira, AllowedPattern: '^[a-z]*$', ConstraintDescription: must be the name of a secret }
  Owner: { Type: String, Default: '' }
Conditions:
  HasSecret: !Not [!Equals [!Ref Secret, '']]
  IsLarge: !Equals [!Ref Kind, large]
  IsBoth: !And [!Condition HasSecret, !Condition IsLarge]
  IsEither: !Or [!Condition HasSecret, !Condition IsLarge]
  IsUnknown: !Equals [!FindInMap [A, B, C], x]
  HasNone: !Equals [!Ref Secret, '']
Resources:
  Always: { Type: 'AWS::RDS::DBCluster' }
  Both: { Type: 'AWS::A', Condition: IsBoth }
  Either: { Type: 'AWS::B', Condition: IsEither }
  None: { Type: 'AWS::C', Condition: HasNone }
  Unknown: { Type: 'AWS::D', Condition: IsUnknown }
`)

function read (body: string): Template {
  const template = readTemplate('example', body)
  if (!template) throw new Error('the example is no product')
  return template
}

t.test('what is left out has its default, for the service before that for a launch by hand', async t => {
  t.strictSame(resolveParameters(example, { Name: 'abc' }), { findings: [], values: { Size: 2, Name: 'abc', Kind: 'small', Flag: false, Secret: '' } })
})

const refusals: Array<[given: Record<string, unknown>, path: string, message: string]> = [
  [{}, '/parameters/Name', 'is required by this template'],
  [{ Name: 'a' }, '/parameters/Name', 'must have at least 2 characters'],
  [{ Name: 'abcdef' }, '/parameters/Name', 'must have at most 5 characters'],
  [{ Name: 'AB' }, '/parameters/Name', 'must match ^[a-z]+$'],
  [{ Name: null }, '/parameters/Name', 'must be a text, in quotes'],
  [{ Name: 'ab', Size: '2' }, '/parameters/Size', 'must be a number, without quotes'],
  [{ Name: 'ab', Size: null }, '/parameters/Size', 'must be a number, without quotes'],
  [{ Name: 'ab', Size: 0.9 }, '/parameters/Size', 'must be at least 1'],
  [{ Name: 'ab', Size: Infinity }, '/parameters/Size', 'must be at most 4'],
  [{ Name: 'ab', Kind: 'medium' }, '/parameters/Kind', 'must be one of small, large'],
  [{ Name: 'ab', Flag: 'true' }, '/parameters/Flag', 'must be true or false, without quotes'],
  [{ Name: 'ab', Secret: 'A' }, '/parameters/Secret', 'must be the name of a secret'],
  [{ Name: 'ab', Owner: 'me' }, '/parameters/Owner', 'is not a parameter of example, which has Size, Name, Kind, Flag, Secret'],
  [{ Name: 'ab', constructor: 1 }, '/parameters/constructor', 'is not a parameter of example, which has Size, Name, Kind, Flag, Secret']
]
for (const [given, path, message] of refusals) {
  t.test(JSON.stringify(given), async t => { t.strictSame(resolveParameters(example, given).findings, [{ path, message }]) })
}

t.test('the schema that is published takes what is taken, and refuses what is refused', async () => {
  const validate = new Ajv({ strict: false }).compile(parametersSchema(example))
  const given = fc.record({
    Name: fc.oneof(fc.stringMatching(/^[a-zA]{0,6}$/), fc.constant(1)),
    Size: fc.oneof(fc.double({ min: 0, max: 5, noNaN: true }), fc.constant('2')),
    Kind: fc.constantFrom('small', 'large', 'medium'),
    Flag: fc.constantFrom(true, false, 'true'),
    Other: fc.constant(1)
  }, { requiredKeys: [] })
  fc.assert(fc.property(given, each => validate(each) === (resolveParameters(example, each).findings.length === 0)))
})

t.test('values go to CloudFormation as texts and come back as they were', async t => {
  for (const template of catalog.values()) {
    const { values } = resolveParameters(template, {})
    const { DBMaster, ...shown } = values
    t.equal(DBMaster, '')
    t.strictSame(fromTexts(template, { ...toTexts(values), ClientName: 'acme', ClusterName: 'x' }), shown, 'without what the service set, and what was left empty')
  }
})

const made: Array<[parameters: Record<string, string>, resources: string[]]> = [
  [{}, ['Always', 'None', 'Unknown']],
  [{ Secret: 'a' }, ['Always', 'Either', 'Unknown']],
  [{ Secret: 'a', Kind: 'large' }, ['Always', 'Both', 'Either', 'Unknown']],
  [{ Kind: 'large' }, ['Always', 'Either', 'None', 'Unknown']]
]
for (const [parameters, resources] of made) {
  t.test(`with ${JSON.stringify(parameters)} it makes ${resources.join(', ')}`, async t => {
    t.strictSame(resourcesOf(example, parameters).map(({ logicalId }) => logicalId), resources)
  })
}

t.test('a file without our metadata is no product, and one that is not YAML is an error', async t => {
  t.equal(readTemplate('network', 'Resources: {}'), null)
  t.throws(() => readTemplate('broken', 'a: [1'), { message: /^templates\/broken\.yaml: / })
})

t.test('nothing is asked of a caller that has a default in the products', async t => {
  for (const template of catalog.values()) {
    const schema = parametersSchema(template)
    t.strictSame(schema.required, [])
    t.notOk('ClusterName' in (schema.properties ?? {}))
    t.match(schema.properties?.AutoPause, { type: 'boolean', default: true })
    t.equal(schema.properties?.DBMaster?.default, undefined)
  }
})
