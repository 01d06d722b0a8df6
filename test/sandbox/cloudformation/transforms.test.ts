/* eslint-disable no-template-curly-in-string -- templates have such texts */
import fc from 'fast-check'
import t from 'tap'
import type { Json, JsonObject } from '../../../sandbox/cloudformation/template/json.js'
import { parseTemplate } from '../../../sandbox/cloudformation/template/template.js'
import { caller, openLab } from './fixture.js'

const topicNamed = (name: Json, rest: JsonObject = {}): JsonObject => ({ Type: 'AWS::SNS::Topic', ...rest, Properties: { TopicName: name } })
const extended = (resources: JsonObject, rest: JsonObject = {}): string => JSON.stringify({ Transform: 'AWS::LanguageExtensions', Resources: resources, ...rest })
const loopOf = (collection: Json, fragment: Json): Json => ['Item', collection, fragment]
const resourcesOf = (body: string, values = {}): Json => (JSON.parse(parseTemplate(body, values).processed) as JsonObject).Resources ?? null

t.test('a loop stands for what it says of each item, in keys, texts and references', async t => {
  const fragment = { 'T&{Item}': topicNamed({ 'Fn::Sub': 'x-${Item}-${AWS::Region}' }), 'U&{Item}': topicNamed({ Ref: 'Item' }, { DependsOn: 'T&{Item}' }) }
  t.strictSame(resourcesOf(extended({ 'Fn::ForEach::Each': loopOf(['a', 'b-1'], fragment) })), {
    Ta: topicNamed({ 'Fn::Sub': 'x-a-${AWS::Region}' }),
    Ua: topicNamed('a', { DependsOn: 'Ta' }),
    Tb1: topicNamed({ 'Fn::Sub': 'x-b-1-${AWS::Region}' }),
    Ub1: topicNamed('b-1', { DependsOn: 'Tb1' })
  })
})

t.test('loops can be in loops, and in properties', async t => {
  const inner = ['Other', ['1', '2'], { '${Item}${Other}': { Type: 'AWS::SNS::Topic', Properties: { 'Fn::ForEach::Names': ['Name', ['TopicName', 'DisplayName'], { '${Name}': '${Other}' }] } } }]
  const resources = resourcesOf(extended({ 'Fn::ForEach::Each': loopOf(['a', 'b'], { 'Fn::ForEach::Inner': inner }) })) as JsonObject
  t.strictSame(Object.keys(resources), ['a1', 'a2', 'b1', 'b2'])
  t.strictSame(resources.b2, { Type: 'AWS::SNS::Topic', Properties: { TopicName: '2', DisplayName: '2' } })
})

t.test('a collection comes from a parameter, its default, or a mapping', async t => {
  const body = (collection: Json): string => extended({ 'Fn::ForEach::Each': loopOf(collection, { 'T${Item}': topicNamed('x') }) },
    { Parameters: { Names: { Type: 'CommaDelimitedList', Default: 'a,b' } }, Mappings: { ByRegion: { 'eu-west-1': { Names: ['c'] } } } })
  const keys = (collection: Json, values = {}): string[] => Object.keys(resourcesOf(body(collection), values) as JsonObject)
  t.strictSame(keys({ Ref: 'Names' }), ['Ta', 'Tb'])
  t.strictSame(keys({ Ref: 'Names' }, { Names: 'z' }), ['Tz'])
  t.strictSame(keys({ 'Fn::FindInMap': ['ByRegion', { Ref: 'AWS::Region' }, 'Names'] }, { 'AWS::Region': 'eu-west-1' }), ['Tc'])
})

t.test('what is no loop is refused, in bounded time and memory', async t => {
  const loop = (value: Json): string => extended({ 'Fn::ForEach::Each': value })
  const bomb = (depth: number): JsonObject => ({ [`Fn::ForEach::L${depth}`]: [`I${depth}`, Array.from({ length: 100 }, (_, index) => String(index)), depth === 0 ? { 'T${I0}x${I1}x${I2}x${I3}': topicNamed('x') } : bomb(depth - 1)] })
  for (const [body, message] of [
    [loop('x'), /Fn::ForEach::Each layout is incorrect/],
    [loop(loopOf('x', { 'T${Item}': topicNamed('x') })), /the collection of Fn::ForEach::Each is no list of texts/],
    [loop(loopOf([{ toString: 'x' }], { 'T${Item}': topicNamed('x') })), /the collection of Fn::ForEach::Each is no list of texts/],
    [loop(loopOf({ 'Fn::GetAtt': ['A', 'B'] }, {})), /from parameters and mappings only/],
    [loop(loopOf(['a', 'a'], { 'T${Item}': topicNamed('x') })), /Ta is there more than once/],
    [extended(bomb(3)), /stand for more than 50000 values/]
  ] as const) t.throws(() => parseTemplate(body), { code: 'ValidationError', message }, body.slice(0, 80))
})

t.test('a loop over names gives each of them', async t => {
  fc.assert(fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,8}$/), { minLength: 1, maxLength: 9 }), names => {
    const resources = resourcesOf(extended({ 'Fn::ForEach::Each': loopOf(names, { 'T${Item}': topicNamed('${Item}') }) }))
    t.strictSame(resources, Object.fromEntries(names.map(name => [`T${name}`, topicNamed(name)])))
  }))
})

t.test('a stack follows the parameter that its loop is over', async t => {
  const lab = openLab()
  t.teardown(lab.close)
  const { operations, whenIdle } = lab
  const fragment = { 'T${Item}': topicNamed({ Ref: 'Item' }) }
  const TemplateBody = extended({ 'Fn::ForEach::Each': loopOf({ Ref: 'Names' }, fragment) }, {
    Parameters: { Names: { Type: 'CommaDelimitedList' } },
    Outputs: { 'Fn::ForEach::Outs': loopOf({ Ref: 'Names' }, { 'O${Item}': { Value: { 'Fn::GetAtt': [{ 'Fn::Sub': 'T${Item}' }, 'TopicName'] } } }) }
  })
  const Capabilities: ['CAPABILITY_AUTO_EXPAND'] = ['CAPABILITY_AUTO_EXPAND']
  const named = (names: string) => ({ StackName: 'stack', Capabilities, Parameters: [{ ParameterKey: 'Names', ParameterValue: names }] })
  const { StackId: id = '' } = await operations.CreateStack({ ...named('a,b'), TemplateBody }, caller)
  await whenIdle(id)
  t.match(await operations.DescribeStacks({ StackName: id }, caller), { Stacks: [{ StackStatus: 'CREATE_COMPLETE', Outputs: [{ OutputKey: 'Oa', OutputValue: 'a' }, { OutputKey: 'Ob', OutputValue: 'b' }] }] })
  await operations.UpdateStack({ ...named('b,c'), UsePreviousTemplate: true }, caller)
  await whenIdle(id)
  const { StackResources: resources = [] } = await operations.DescribeStackResources({ StackName: id }, caller)
  t.strictSame(resources.map(({ LogicalResourceId: name, ResourceStatus: status }) => `${name} ${status}`), ['Tb CREATE_COMPLETE', 'Tc CREATE_COMPLETE'])
  const { TemplateBody: processed = '' } = await operations.GetTemplate({ StackName: id }, caller)
  t.strictSame(Object.keys((JSON.parse(processed) as { Resources: object }).Resources), ['Tb', 'Tc'])
  t.equal((await operations.GetTemplate({ StackName: id, TemplateStage: 'Original' }, caller)).TemplateBody, TemplateBody)
})

t.test('resources of SAM are inert, with what the transform adds to them', async t => {
  const lab = openLab()
  t.teardown(lab.close)
  const { operations, whenIdle } = lab
  const TemplateBody = JSON.stringify({
    Transform: 'AWS::Serverless-2016-10-31',
    Globals: { Function: { Runtime: 'nodejs20.x' } },
    Resources: { List: { Type: 'AWS::Serverless::Function', Properties: { CodeUri: './list', FunctionUrlConfig: { AuthType: 'NONE' }, Events: { Get: { Type: 'Api', Properties: { Path: '/', Method: 'get' } } } } } },
    Outputs: { Function: { Value: { 'Fn::GetAtt': ['List', 'Arn'] } }, Role: { Value: { 'Fn::GetAtt': ['ListRole', 'Arn'] } }, Url: { Value: { 'Fn::Sub': 'https://${ServerlessRestApi}.example' } }, Own: { Value: { 'Fn::GetAtt': ['ListUrl', 'FunctionUrl'] } } }
  })
  await t.rejects(operations.CreateStack({ StackName: 'stack', TemplateBody, Capabilities: ['CAPABILITY_AUTO_EXPAND'] }, caller), { code: 'InsufficientCapabilitiesException' })
  const { StackId: id = '' } = await operations.CreateStack({ StackName: 'stack', TemplateBody, Capabilities: ['CAPABILITY_IAM', 'CAPABILITY_AUTO_EXPAND'] }, caller)
  await whenIdle(id)
  const { Stacks: [stack] = [] } = await operations.DescribeStacks({ StackName: id }, caller)
  t.equal(stack?.StackStatus, 'CREATE_COMPLETE')
  const outputs = Object.fromEntries((stack?.Outputs ?? []).map(({ OutputKey: key, OutputValue: value }) => [key, value]))
  t.match(outputs, { Function: /^arn:aws:lambda:us-east-1:000000000000:function:/, Role: /^arn:aws:iam::000000000000:role/, Url: /^https:\/\/\S+\.example$/, Own: /./ })
})
