import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { openSpecification } from '../../../sandbox/cloudformation/specification/specification.js'
import { checkReferences } from '../../../sandbox/cloudformation/template/check.js'
import { readDocument } from '../../../sandbox/cloudformation/template/document.js'
import { dependencyGraph } from '../../../sandbox/cloudformation/template/graph.js'
import type { Json, JsonObject } from '../../../sandbox/cloudformation/template/json.js'
import { resolveParameters } from '../../../sandbox/cloudformation/template/parameters.js'
import { parseTemplate } from '../../../sandbox/cloudformation/template/template.js'
import { caller, eventsOf, openLab } from './fixture.js'

const topic = { Type: 'AWS::SNS::Topic' }
const withResources = (resources: object, rest: object = {}): string => JSON.stringify({ Resources: resources, ...rest })

const withParameter = (definition: object): string => withResources({ A: topic }, { Parameters: { A: definition } })
const withOutput = (definition: object): string => withResources({ A: topic }, { Outputs: { O: definition } })
const EXPORT = 'Template format error: Output O is malformed. The Name field of every Export member must be specified and consist only of alphanumeric characters, colons, or hyphens.'

t.test('short forms and JSON say the same', async t => {
  const yaml = [
    'Resources:',
    '  A:',
    '    Type: AWS::SNS::Topic',
    '    Properties:',
    '      TopicName: !Sub "${AWS::StackName}-a"', // eslint-disable-line no-template-curly-in-string
    '      DisplayName: !If [Big, !GetAtt B.Endpoint.Address, !Ref AWS::NoValue]',
    '      KmsMasterKeyId: !Select [0, !Split [",", !Join ["", [!FindInMap [M, a, b]]]]]'
  ].join('\n')
  t.strictSame(readDocument(yaml), {
    Resources: {
      A: {
        Type: 'AWS::SNS::Topic',
        Properties: {
          TopicName: { 'Fn::Sub': '${AWS::StackName}-a' }, // eslint-disable-line no-template-curly-in-string
          DisplayName: { 'Fn::If': ['Big', { 'Fn::GetAtt': ['B', 'Endpoint.Address'] }, { Ref: 'AWS::NoValue' }] },
          KmsMasterKeyId: { 'Fn::Select': [0, { 'Fn::Split': [',', { 'Fn::Join': ['', [{ 'Fn::FindInMap': ['M', 'a', 'b'] }]] }] }] }
        }
      }
    }
  })
})

t.test('text without quotes stands for what YAML 1.1 says, except for keys', async t => {
  const read = (text: string): Json => readDocument(`a: ${text}`).a ?? null
  for (const [text, value] of [['yes', true], ['Off', false], ["'yes'", 'yes'], ['012345678901', '012345678901'], ['017', 15], ['0x1F', 31], ['13.10', 13.1], ['-5', -5],
    ['2012-10-17', '2012-10-17'], ['12:30', '12:30'], ['1e3', '1e3'], ['12345678901234567890', '12345678901234567890'], ['!!str 5', '5']] as const) {
    t.equal(read(text), value, text)
  }
  t.strictSame(read('!Ref On'), { Ref: 'On' })
  t.strictSame(readDocument('\ufeff{"a": 1}'), { a: 1 }, 'some editors put a mark before a text')
  t.strictSame(readDocument('012345678901: {on: {no: x}}'), { '012345678901': { on: { no: 'x' } } })
})

t.test('whatever is no template is refused in AWS\'s words, in bounded time', async t => {
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]', ...'bcdefgh'.split('').map((name, index) => `${name}: &${name} [${Array(9).fill('*' + 'abcdefg'[index]).join(',')}]`), 'Resources: *h'].join('\n')
  const cases: Array<[string, string | RegExp]> = [
    ['', 'Template format error: unsupported structure.'],
    ['[]', 'Template format error: unsupported structure.'],
    ['{"Resources": {', /^Template format error: JSON not well-formed. \(line 1, column 16\)$/],
    ['{"this is invalid JSON"="bobbins"}', 'Template format error: JSON not well-formed. (line 1, column 25)'],
    ['Resources:\n  A: [', /^Template format error: YAML not well-formed. \(line 2, column \d+\)$/],
    ['Resources:\n  A: !Nope x', 'Template format error: YAML not well-formed. (line 2, column 12)'],
    [bomb, 'Template error: YAML aliases are not allowed in CloudFormation templates'],
    [`Resources: ${'['.repeat(25_000)}`, /nested more than 100 levels/],
    [`Resources:\n  ${'? '.repeat(25_000)}`, /nested more than 100 levels/],
    [`Resources:\n  ${'- '.repeat(25_000)}`, /nested more than 100 levels/],
    ['Resources:\n  ? {A: 1}\n  : 2', 'Template format error: YAML not well-formed. (line 2, column 5)'],
    [`{"Resources": ${'['.repeat(25_000)}${']'.repeat(25_000)}}`, /nested more than 100 levels/],
    [`Resources:\n${Array.from({ length: 200 }, (_, depth) => ' '.repeat(depth + 1) + 'a:').join('\n')}`, /nested more than 100 levels/],
    ['x'.repeat(51_201), /'templateBody' failed to satisfy constraint: Member must have length less than or equal to 51200$/],
    ['{}', 'Template format error: At least one Resources member must be defined.'],
    [withResources({ 'Fn::ForEach::Topics': ['Name', ['A'], {}] }), 'Template format error: Fn::ForEach::Topics is only supported with the transform AWS::LanguageExtensions, in Conditions, Resources and Outputs'],
    [withResources({ A: { ...topic, Properties: { 'Fn::Transform': { Name: 'AWS::Include' } } } }), 'The transform AWS::Include is not available in the sandbox.'],
    [withResources({ A: { ...topic, Properties: { 'Fn::Transform': { Name: 'Mine' } } } }), 'No transform named 000000000000::Mine found.'],
    [withResources({ A: topic }, { Transform: { Name: 'AWS::Include', Parameters: { Location: 's3://x/y' } } }), 'The transform AWS::Include is not available in the sandbox.'],
    [withResources({ A: topic }, { Globals: {} }), 'Invalid template property or properties [Globals]'],
    [withResources({ A: topic }, { Nope: 1 }), 'Invalid template property or properties [Nope]'],
    [withResources({ A: 'text' }), 'Template format error: Any Resources member must be an object.'],
    ['{"Resources": "", "Outputs": ""}', 'Template format error: Any Resources member must be an object.'],
    [withResources({ A: {} }), 'Template format error: [/Resources/A] Every Resources object must contain a Type member.'],
    [withResources({ 'A-B': topic }), 'Template format error: Resource name A-B is non alphanumeric.'],
    [withResources({ A: { ...topic, Nope: 1 } }), 'Invalid template resource property \'Nope\''],
    [withResources({ A: { ...topic, Properties: { TopicName: null } } }), '[/Resources/A/Properties/TopicName] \'null\' values are not allowed in templates'],
    [withResources({ A: topic }, { Parameters: { P: {} } }), 'Template format error: Every Parameters object must contain a Type member.'],
    [withResources({ A: topic }, { Parameters: { P: { Type: 'Text' } } }), 'Template format error: Unrecognized parameter type: Text'],
    [withResources({ A: topic }, { Outputs: { O: {} } }), 'Template format error: Every Outputs member must contain a Value object'],
    [withResources({ A: topic }, { Transform: ['AWS::LanguageExtensions', 'Mine'] }), 'No transform named 000000000000::Mine found.'],
    ['Resources: {A: {Type: AWS::SNS::Topic}}\n---\nResources: {}', 'Template format error: YAML not well-formed. (line 2, column 1)'],
    [withResources({ A: topic }, { Hooks: {} }), 'The section Hooks is not available in the sandbox.'],
    [withResources({ A: topic }, { Metadata: 'text' }), 'Template format error: [/Metadata] Every Metadata member must be an object.'],
    [withResources({ A: { ...topic, Version: '1.0' } }), 'Invalid template resource property \'Version\''],
    [withResources({ A: { ...topic, CreationPolicy: 'text' } }), 'Template format error: [/Resources/A/CreationPolicy] Every CreationPolicy member must be an object.'],
    [withResources({ A: { ...topic, DeletionPolicy: 'Snapshot' } }), 'Template error: resource type AWS::SNS::Topic does not support deletion policy Snapshot'],
    [withResources({ A: { ...topic, UpdateReplacePolicy: 'RetainExceptOnCreate' } }), 'Template format error: Unrecognized UpdateReplacePolicy RetainExceptOnCreate for resource A'],
    [withResources({ A: { Type: 'AWS::RDS::DBInstance', DeletionPolicy: 'Snapshot', Properties: { DBClusterIdentifier: 'c' } } }), 'DeletionPolicy:Snapshot cannot be specified for a cluster instance, use deletion policy on the cluster instead.'],
    [withParameter({ Type: 'List<String' }), 'Template format error: Unrecognized parameter type: List<String'],
    [withResources({ A: topic }, { Mappings: { M: { 'eu-west-1': { 'x86-64': 'a' } } } }), 'Template format error: Mappings attribute name \'x86-64\' must contain only alphanumeric characters.'],
    [withParameter({ Type: 'AWS::Nope::Id' }), 'Template format error: Unrecognized parameter type: AWS::Nope::Id'],
    [withParameter({ Type: 'String', Nope: 1 }), 'Invalid template parameter property \'Nope\''],
    [withParameter({ Type: 'String', AllowedValues: 'a' }), 'Template format error: Every AllowedValues member must be a list.'],
    [withParameter({ Type: 'String', AllowedValues: [{}] }), 'Template format error: Every AllowedValues value must be a string.'],
    [withParameter({ Type: 'String', MinLength: 'x' }), 'Template format error: Every MinLength member must be a number.'],
    [withParameter({ Type: 'String', MinValue: 1 }), 'Template error: Parameter \'A\' MinValue must be on a parameter of type Number'],
    [withParameter({ Type: 'List<Number>', MaxLength: 1 }), 'Template error: Parameter \'A\' MaxLength must be on a parameter of type String'],
    [withParameter({ Type: 'String', MinLength: 2, MaxLength: 1 }), 'Template error: Parameter \'A\' MinLength must be less than MaxLength.'],
    [withParameter({ Type: 'String' }), 'Template error: all resources and parameters must have unique names. Common name(s):[A]'],
    [withOutput({ Value: 'a', Nope: 1 }), 'Invalid template output property \'Nope\''],
    [withOutput({ Value: ['a'] }), 'Template format error: The Value field of every Outputs member must evaluate to a String and not a List.'],
    [withOutput({ Value: { Ref: 'A', Nope: 1 } }), 'Template format error: The Value field of every Outputs member must evaluate to a String and not a Map.'],
    [withOutput({ Value: 'a', Export: { Name: 'b', Nope: 1 } }), EXPORT]
  ]
  for (const [body, message] of cases) t.throws(() => parseTemplate(body), { code: 'ValidationError', message }, body.slice(0, 60))
})

const SUPPORTED = 'Fn::Base64, Fn::GetAtt, Fn::GetAZs, Fn::ImportValue, Fn::Join, Fn::Split, Fn::FindInMap, Fn::Select, Ref, Fn::Equals, Fn::If, Fn::Not, Condition, Fn::And, Fn::Or, Fn::Contains, Fn::EachMemberEquals, Fn::EachMemberIn, Fn::ValueOf, Fn::ValueOfAll, Fn::RefAll, Fn::Sub, Fn::Cidr'
const withConditions = (conditions: object): string => withResources({ A: topic }, { Conditions: conditions })

t.test('what a template mentions has to exist, and to stand where it may', async t => {
  const specification = await openSpecification()
  const named = (value: Json): object => ({ ...topic, Properties: { TopicName: value } })
  const cases: Array<[string, string]> = [
    [withResources({ A: { Type: 'AWS::Nope::Thing' }, B: { Type: 'Nope' } }), 'Template format error: Unrecognized resource types: [AWS::Nope::Thing, Nope]'],
    [withResources({ A: named({ Ref: 'X' }), B: { ...topic, DependsOn: 'Y' } }), 'Template format error: Unresolved resource dependencies [X, Y] in the Resources block of the template'],
    [withResources({ A: named({ 'Fn::Sub': 'a-${constructor}' }) }), 'Template format error: Unresolved resource dependencies [constructor] in the Resources block of the template'], // eslint-disable-line no-template-curly-in-string
    [withResources({ A: topic }, { Outputs: { O: { Value: { Ref: 'X' } } } }), 'Template format error: Unresolved resource dependencies [X] in the Outputs block of the template'],
    [withResources({ A: named({ 'Fn::GetAtt': ['X', 'Arn'] }) }), 'Template error: instance of Fn::GetAtt references undefined resource X'],
    [withResources({ A: { ...topic, Condition: 'C' } }), 'Template format error: Unresolved condition dependency C in the Resources block of the template'],
    [withResources({ A: named({ 'Fn::If': ['C', 1, 2] }) }), 'Template error: unresolved condition dependency C in Fn::If'],
    [withResources({ A: topic }, { Conditions: { C: { 'Fn::Equals': [{ Ref: 'A' }, 'x'] } } }), 'Template format error: Unresolved dependencies [A]. Cannot reference resources in the Conditions block of the template'],
    [withResources({ A: named({ 'Fn::Nope': 'x' }) }), `Template error: Encountered unsupported function: Fn::Nope Supported functions are: [${SUPPORTED}]`],
    [withResources({ A: named({ 'Fn::Length': ['x'] }) }), `Template error: Encountered unsupported function: Fn::Length Supported functions are: [${SUPPORTED}]`],
    [withResources({ A: named({ 'Fn::FindInMap': ['M', 'a', 'b', { DefaultValue: 'x' }] }) }), 'Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value'],
    [withResources({ A: named({ 'Fn::Equals': ['x', 'x'] }) }), 'Template error: Fn::Equals cannot be partially collapsed'],
    [withResources({ A: named({ 'Fn::If': [{ Ref: 'C' }, 1, 2] }) }), 'Template error: Fn::If requires a list argument with the first element being a condition'],
    [withResources({ A: named({ 'Fn::GetAtt': [{ Ref: 'A' }, 'x'] }) }), 'Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute'],
    [withResources({ A: { ...topic, Metadata: { a: { Ref: 'X' } }, UpdatePolicy: { b: { Ref: 'Y' } } } }), 'Template format error: Unresolved resource dependencies [X, Y] in the Resources block of the template'],
    [withResources({ A: { ...topic, DependsOn: 'P' } }, { Parameters: { P: { Type: 'String' } } }), 'Template format error: Unresolved resource dependencies [P] in the Resources block of the template'],
    [withOutput({ Value: 'a', Export: { Name: { Ref: 'A' } } }), EXPORT],
    [withConditions({ C: { 'Fn::If': ['C', { Condition: 'C' }, { Condition: 'C' }] } }), 'Template format error: Circular dependency between conditions: [C]'],
    [withConditions({ C: 'yes' }), 'Template format error: Conditions can only be boolean operations on parameters and other conditions'],
    [withConditions({ C: { 'Fn::Equals': [{ 'Fn::ImportValue': 'x' }, 'x'] } }), 'Template error: Cannot use Fn::ImportValue in Conditions'],
    [withConditions({ C: { 'Fn::And': [{ Condition: 'C' }] } }), 'Template error: every Fn::And object requires a list of at least 2 and at most 10 boolean parameters.']
  ]
  for (const [body, message] of cases) t.throws(() => { checkReferences(parseTemplate(body), specification) }, { code: 'ValidationError', message }, message)
  const circle = parseTemplate(withResources({ A: named({ Ref: 'B' }), B: { ...topic, DependsOn: ['A'] }, C: topic }))
  t.throws(() => dependencyGraph(circle.resources), { message: 'Circular dependency between resources: [A, B]' })
})

t.test('parameters are checked against their constraints', async t => {
  const ssmValue = (name: string) => ({ '/text': { value: 'a,b', isList: false }, '/list': { value: 'a, b ,c', isList: true } })[name]
  const valueOf = (definition: object, value?: string, member: 'value' | 'resolved' = 'value'): string | undefined => {
    const template = parseTemplate(withResources({ A: topic }, { Parameters: { P: definition } }))
    return resolveParameters(template.parameters, { given: value === undefined ? [] : [{ ParameterKey: 'P', ParameterValue: value }], ssmValue })[0]?.[member]
  }
  const refused: Array<[object, string | undefined, string]> = [
    [{ Type: 'String' }, undefined, 'Parameters: [P] must have values'],
    [{ Type: 'Number' }, 'four', 'Parameter \'P\' must be a number'],
    [{ Type: 'Number' }, '0x10', 'Parameter \'P\' must be a number'],
    [{ Type: 'Number', MinValue: 1 }, '0.5', 'Parameter \'P\' must be a number not less than 1'],
    [{ Type: 'Number', MaxValue: 4 }, '5', 'Parameter \'P\' must be a number not greater than 4'],
    [{ Type: 'List<Number>' }, '1, x', 'Parameter \'P\' must be a number'],
    [{ Type: 'String', AllowedValues: ['a', 'b'] }, 'c', 'Parameter \'P\' must be one of AllowedValues'],
    [{ Type: 'String', AllowedPattern: '[a-z]+' }, 'a1', 'Parameter \'P\' must match pattern [a-z]+'],
    [{ Type: 'String', AllowedPattern: '[a-z]+', ConstraintDescription: 'must be letters' }, 'a1', 'Parameter \'P\' failed to satisfy constraint: must be letters'],
    [{ Type: 'String', AllowedPattern: '(a+)+b' }, 'a'.repeat(60), 'Template format error: AllowedPattern (a+)+b is not a regular expression that can be matched.'],
    [{ Type: 'String', MinLength: 3 }, 'ab', 'Parameter \'P\' must contain at least 3 characters'],
    [{ Type: 'String', MaxLength: '3' }, 'abcd', 'Parameter \'P\' must contain at most 3 characters'],
    [{ Type: 'AWS::SSM::Parameter::Value<String>' }, '/nowhere', 'Unable to fetch parameters [/nowhere] from parameter store for this account.'],
    [{ Type: 'AWS::SSM::Parameter::Value<String>', AllowedPattern: 'a.*' }, '/text', 'Parameter \'P\' must match pattern a.*'],
    [{ Type: 'AWS::SSM::Parameter::Value<CommaDelimitedList>' }, '/text', 'Types for SSM parameters [/text] defined in CFN template and SSM are incompatible'],
    [{ Type: 'AWS::SSM::Parameter::Value<String>' }, '/list', 'Types for SSM parameters [/list] defined in CFN template and SSM are incompatible'],
    [{ Type: 'String', Default: '{{resolve:ssm:/text}}' }, undefined, 'Template error: parameter P should not contain ssm versionless resolver']
  ]
  for (const [definition, value, message] of refused) t.throws(() => valueOf(definition, value), { code: 'ValidationError', message }, message)
  t.equal(valueOf({ Type: 'AWS::SSM::Parameter::Value<List<String>>' }, '/list', 'resolved'), 'a,b,c')
  t.equal(valueOf({ Type: 'Number', Default: 4, AllowedValues: [2, 4] }), '4')
  t.equal(valueOf({ Type: 'String', AllowedPattern: '^(?i)[a-z]+$' }, 'Ab'), 'Ab')
  t.equal(valueOf({ Type: 'String', AllowedPattern: '[a-z]{2,3}+' }, 'abc'), 'abc')
  t.equal(valueOf({ Type: 'CommaDelimitedList', AllowedValues: ['a', 'b'] }, 'a, b'), 'a, b')
  const template = parseTemplate(withResources({ A: topic }))
  t.throws(() => resolveParameters(template.parameters, { given: [{ ParameterKey: 'X' }, { ParameterKey: 'Y' }], ssmValue: () => undefined }),
    { message: 'Parameters: [X, Y] do not exist in the template' })
})

t.test('no text makes the reader do anything but read it or refuse it', async t => {
  const syllable = fc.constantFrom('Resources', ':', '\n', ' ', '  ', '- ', '!Ref ', '!Sub ', '!GetAtt ', '!If ', '[', ']', '{', '}', '&a ', '*a', '"', "'", '|', '>', '#', '<<: ', '? ', 'A', '${', '.', '\t', '%', '---', '...', '\u0000', '__proto__', 'null', '1e999', '0x')
  t.doesNotThrow(() => fc.assert(fc.property(fc.array(syllable, { maxLength: 40 }).map(parts => parts.join('')), text => {
    try {
      parseTemplate(`Resources:\n  A:\n    Type: ${text}`)
    } catch (error) {
      if ((error as { code?: string }).code !== 'ValidationError') throw error
    }
  }), { numRuns: 2000 }))
})

t.test('the products of this repository are valid, and say what they are', async t => {
  const lab = openLab()
  t.teardown(lab.close)
  for (const name of ['aurora-serverless-postgres', 'aurora-serverless-v2-postgres', 'network']) {
    const body = readFileSync(new URL(import.meta.resolve(`#templates/${name}.yaml`)), 'utf8')
    const summary = await lab.operations.GetTemplateSummary({ TemplateBody: body }, caller)
    const validated = await lab.operations.ValidateTemplate({ TemplateBody: body }, caller)
    t.match(validated, { Description: summary.Description, Capabilities: undefined })
    if (name !== 'network') t.match(summary, { Parameters: [{ ParameterKey: 'EnvironmentName', ParameterType: 'String', ParameterConstraints: { AllowedValues: ['dev', 'staging', 'uat', 'production'] } }] })
  }
  const role: JsonObject = { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: {} } }
  const body = withResources({ A: role })
  t.match(await lab.operations.ValidateTemplate({ TemplateBody: body }, caller), { Capabilities: ['CAPABILITY_IAM'], CapabilitiesReason: 'The following resource(s) require capabilities: [AWS::IAM::Role]' })
  await t.rejects(lab.operations.CreateStack({ StackName: 'a', TemplateBody: body }, caller), { code: 'InsufficientCapabilitiesException', message: 'Requires capabilities : [CAPABILITY_IAM]' })
})

t.test('functions that need no resource are evaluated before anything is launched', async t => {
  const lab = openLab()
  t.teardown(lab.close)
  const parameter = (value: Json): object => ({ Type: 'AWS::SSM::Parameter', Properties: { Type: 'String', Value: value } })
  const mappings = { Mappings: { M: { a: { b: 'c' } } } }
  const refused: Array<[string, string | RegExp]> = [
    [withResources({ A: parameter({ 'Fn::Select': [5, ['a']] }) }), 'Template error: Fn::Select cannot select nonexistent value at index 5'],
    [withResources({ A: parameter({ 'Fn::FindInMap': ['M', 'x', 'b'] }) }, mappings), 'Template error: Unable to get mapping for M::x::b'],
    [withResources({ T: topic, A: parameter({ 'Fn::Join': ['', [{ Ref: 'T' }, { 'Fn::Select': [1, ['a']] }]] }) }), 'Template error: Fn::Select cannot select nonexistent value at index 1'],
    [withResources({ A: topic }, { Outputs: { O: { Value: { 'Fn::FindInMap': ['N', 'x', 'b'] } } } }), /^Template error: Mapping named 'N' is not present/],
    [withResources({ A: topic }, { Conditions: { X: { 'Fn::Not': [{ Condition: 'Y' }] }, Y: { 'Fn::Not': [{ Condition: 'X' }] } } }), /^Template format error: Circular dependency between conditions/],
    [withOutput({ Value: { Ref: 'AWS::NoValue' } }), 'Template format error: The Value field of every Outputs member must evaluate to a String.'],
    [withOutput({ Value: 'a', Export: { Name: { 'Fn::Join': [' ', ['a', 'b']] } } }), EXPORT],
    [withResources({ A: topic }, { Outputs: { O: { Value: 'a', Export: { Name: 'x' } }, P: { Value: 'a', Export: { Name: 'x' } } } }), 'Template format error: Output P is malformed. Another one exports x already.'],
    [withResources({ A: topic }, { Mappings: { M: 'x' } }), 'Template format error: Every Mappings member M must be a map'],
    [withResources({ A: topic }, { Mappings: { M: { a: { b: 'c' }, d: 'e' } } }), 'Template format error: Every Mappings member d must be a map'],
    [withResources({ A: topic }, { Mappings: { M: { a: { b: { c: 'd' } } } } }), 'Template format error: Every Mappings attribute must be a String or a List.'],
    [withResources({ A: topic, B: { ...topic, Condition: 'No' } }, { Conditions: { No: { 'Fn::Equals': ['a', 'b'] } }, Outputs: { O: { Value: { Ref: 'B' } } } }), 'Unresolved resource dependencies [B] in the Outputs block of the template']
  ]
  for (const [TemplateBody, message] of refused) await t.rejects(lab.operations.CreateStack({ StackName: 'stack', TemplateBody }, caller), { code: 'ValidationError', message }, String(message))
  await t.rejects(lab.operations.CreateStack({ StackName: 'stack', TemplateBody: withResources({ A: topic }), ResourceTypes: ['AWS::EC2::*'] }, caller),
    { message: 'Resource type AWS::SNS::Topic is not allowed by parameter ResourceTypes [AWS::EC2::*]' })
  await t.rejects(lab.operations.DescribeStacks({ StackName: 'stack' }, caller), { message: 'Stack with id stack does not exist' })
  const notTaken = withResources({ A: parameter({ 'Fn::If': ['Never', { 'Fn::Select': [9, ['a']] }, { 'Fn::Select': [0, { 'Fn::Split': ['-', { Ref: 'T' }] }] }] }), T: topic }, { Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } } })
  await lab.operations.CreateStack({ StackName: 'stack', TemplateBody: notTaken }, caller)
})

t.test('an attribute that there is not is found out when it is asked for', async t => {
  const lab = openLab()
  t.teardown(lab.close)
  const parameter = (value: Json): object => ({ Type: 'AWS::SSM::Parameter', Properties: { Type: 'String', Value: value } })
  const eventsAfter = async (name: string, TemplateBody: string): Promise<string[]> => {
    const { StackId: id = '' } = await lab.operations.CreateStack({ StackName: name, TemplateBody }, caller)
    await lab.whenIdle(id)
    return await eventsOf(lab, name)
  }
  const ofResource = await eventsAfter('of-resource', withResources({ T: topic, A: parameter({ 'Fn::Sub': 'a-${T.Nope}' }) })) // eslint-disable-line no-template-curly-in-string
  t.ok(ofResource.includes('T CREATE_COMPLETE'))
  t.ok(ofResource.includes('A CREATE_FAILED Requested attribute Nope does not exist in schema for AWS::SNS::Topic'))
  t.equal(ofResource.at(-1), 'of-resource ROLLBACK_COMPLETE')
  t.strictSame(await eventsAfter('of-output', withResources({ A: parameter('x') }, { Outputs: { O: { Value: { 'Fn::GetAtt': ['A', 'Nope'] } } } })), [
    'of-output CREATE_IN_PROGRESS User Initiated',
    'of-output ROLLBACK_IN_PROGRESS [Error] /Outputs/O/Value/Fn::GetAtt: Resource type AWS::SSM::Parameter does not support attribute {Nope}. Rollback requested by user.',
    'of-output ROLLBACK_COMPLETE'
  ])
})

t.test('with the language extensions, a policy can be a function', async t => {
  const lab = openLab()
  t.teardown(lab.close)
  const bodyWith = (policy: Json, rest: object): string => withResources({ A: { ...topic, DeletionPolicy: policy } }, { Parameters: { P: { Type: 'String', Default: 'Retain' } }, ...rest })
  const extended = { Transform: 'AWS::LanguageExtensions' }
  const create = async (TemplateBody: string) => await lab.operations.CreateStack({ StackName: 'stack', TemplateBody, Capabilities: ['CAPABILITY_AUTO_EXPAND'] }, caller)
  await t.rejects(create(bodyWith({ Ref: 'P' }, {})), { message: 'Template format error: Every DeletionPolicy member must be a string.' })
  await t.rejects(create(bodyWith({ 'Fn::Join': ['', ['No', 'ne']] }, extended)), { message: 'Template format error: Unrecognized DeletionPolicy None for resource A' })
  const { StackId: id = '' } = await create(bodyWith({ Ref: 'P' }, extended))
  await lab.whenIdle(id)
  await lab.operations.DeleteStack({ StackName: id }, caller)
  await lab.whenIdle(id)
  t.match(await lab.operations.DescribeStackResources({ StackName: id }, caller), { StackResources: [{ LogicalResourceId: 'A', ResourceStatus: 'DELETE_SKIPPED' }] })
})
