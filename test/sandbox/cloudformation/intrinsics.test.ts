import fc from 'fast-check'
import t from 'tap'
import { openSpecification } from '../../../sandbox/cloudformation/specification/specification.js'
import { checkReferences } from '../../../sandbox/cloudformation/template/check.js'
import { dependencyGraph, visitInOrder } from '../../../sandbox/cloudformation/template/graph.js'
import { conditionsOf, evaluate } from '../../../sandbox/cloudformation/template/intrinsics.js'
import type { Json } from '../../../sandbox/cloudformation/template/json.js'
import { NO_VALUE, type Scope } from '../../../sandbox/cloudformation/template/scope.js'
import { type ResourceDefinition, parseTemplate } from '../../../sandbox/cloudformation/template/template.js'

/* eslint-disable no-template-curly-in-string */

const names: Record<string, Json | typeof NO_VALUE> = { Text: 'text', List: ['a', 'b'], 'AWS::NoValue': NO_VALUE, 'AWS::Region': 'us-east-1' }
const scope: Scope = {
  region: 'us-east-1',
  ref: name => Object.hasOwn(names, name) ? names[name] : undefined,
  attribute: (logicalId, attribute) => `${logicalId}/${attribute}`,
  isTrue: name => name === 'Yes',
  importValue: name => `imported ${name}`,
  stackOutput: (...names) => names.join('/'),
  mappings: { Sizes: { dev: { acu: 2 } } }
}

t.test('every function gives what AWS documents', async t => {
  const cases: Array<[Json, Json]> = [
    [{ Ref: 'Text' }, 'text'],
    [{ a: { Ref: 'AWS::NoValue' }, b: [{ Ref: 'AWS::NoValue' }, 1] }, { b: [1] }],
    [{ 'Fn::GetAtt': ['A', 'Endpoint.Address'] }, 'A/Endpoint.Address'],
    [{ 'Fn::GetAtt': 'A.Endpoint.Address' }, 'A/Endpoint.Address'],
    [{ 'Fn::Sub': '${Text}-${A.Arn}-${!Literal}-${AWS::Region}-$5' }, 'text-A/Arn-${Literal}-us-east-1-$5'],
    [{ 'Fn::Sub': ['${X}${Text}', { X: { 'Fn::Join': ['+', { Ref: 'List' }] } }] }, 'a+btext'],
    [{ 'Fn::Sub': '{{resolve:secretsmanager:${Text}:SecretString:password}}' }, '{{resolve:secretsmanager:text:SecretString:password}}'],
    [{ 'Fn::Join': [',', ['a', { Ref: 'Text' }]] }, 'a,text'],
    [{ 'Fn::Select': ['1', { 'Fn::Split': ['|', 'a|b|c'] }] }, 'b'],
    [{ 'Fn::GetStackOutput': { StackName: { Ref: 'Text' }, OutputName: 'O' } }, 'text/O/us-east-1'],
    [{ 'Fn::GetStackOutput': { StackName: 'other', OutputName: 'O', Region: 'eu-west-1' } }, 'other/O/eu-west-1'],
    [{ 'Fn::If': ['Yes', 'then', { Ref: 'Missing' }] }, 'then'],
    [{ a: { 'Fn::If': ['No', 'then', { Ref: 'AWS::NoValue' }] } }, {}],
    [{ 'Fn::FindInMap': ['Sizes', 'dev', 'acu'] }, 2],
    [{ 'Fn::FindInMap': ['Sizes', 'prod', 'acu', { DefaultValue: 'x' }] }, 'x'],
    [{ 'Fn::GetAZs': '' }, ['us-east-1a', 'us-east-1b', 'us-east-1c']],
    [{ 'Fn::Base64': 'héllo' }, 'aMOpbGxv'],
    [{ 'Fn::ImportValue': { 'Fn::Sub': '${Text}-X' } }, 'imported text-X'],
    [{ 'Fn::Cidr': ['10.42.0.0/16', 3, 8] }, ['10.42.0.0/24', '10.42.1.0/24', '10.42.2.0/24']],
    [{ 'Fn::Cidr': ['192.168.0.0/24', '2', '5'] }, ['192.168.0.0/27', '192.168.0.32/27']],
    [{ 'Fn::Cidr': ['2001:db8::/56', 2, 64] }, ['2001:db8::/64', '2001:db8:0:1::/64']],
    [{ 'Fn::Equals': [{ Ref: 'Text' }, 'text'] }, true],
    [{ 'Fn::And': [{ Condition: 'Yes' }, { 'Fn::Not': [{ Condition: 'No' }] }] }, true],
    [{ 'Fn::Or': [{ Condition: 'No' }, { 'Fn::Equals': [1, '1'] }] }, true],
    [{ 'Fn::Length': { Ref: 'List' } }, 2],
    [{ 'Fn::ToJsonString': { a: { Ref: 'Text' } } }, '{"a":"text"}'],
    [{ Ref: 'Text', Other: 1 }, { Ref: 'Text', Other: 1 }]
  ]
  for (const [value, expected] of cases) t.strictSame(evaluate(value, scope), expected, JSON.stringify(value))
})

t.test('a function that is given something else says so', async t => {
  const cases: Array<[Json, RegExp]> = [
    [{ 'Fn::Join': [',', 'text'] }, /^Template error: every Fn::Join object requires two parameters/],
    [{ 'Fn::Split': ['', 'a'] }, /^Template error: every Fn::Split object requires two parameters/],
    [{ 'Fn::Select': [3, ['a']] }, /^Template error: Fn::Select cannot select nonexistent value at index 3$/],
    [{ 'Fn::Select': ['x', ['a']] }, /^Template error: Fn::Select requires a list argument with two elements: an integer index and a list$/],
    [{ 'Fn::Sub': '${List}' }, /^Template error: variable List in Fn::Sub expression does not resolve to a string$/],
    [{ 'Fn::Sub': '${a b}' }, /^Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons$/],
    [{ 'Fn::FindInMap': ['Sizes', 'prod', 'acu'] }, /^Template error: Unable to get mapping for Sizes::prod::acu$/],
    [{ 'Fn::FindInMap': ['Other', 'a', 'b'] }, /^Template error: Mapping named 'Other' is not present in the 'Mappings' section of template.$/],
    [{ 'Fn::Cidr': ['10.0.0.0/24', 2, 8] }, /Fn::Cidr can not make 2 blocks/],
    [{ 'Fn::Cidr': ['10.0.0.0/8', 1e9, 8] }, /Fn::Cidr can not make/],
    [{ 'Fn::And': [true] }, /^Template error: every Fn::And object requires a list of at least 2 and at most 10 boolean parameters.$/],
    [{ Ref: 'Missing' }, /^Template format error: Unresolved resource dependencies \[Missing\] in the Resources block of the template$/]
  ]
  for (const [value, message] of cases) t.throws(() => evaluate(value, scope), { code: 'ValidationError', message }, JSON.stringify(value))
})

t.test('functions inside functions can not fill the memory', async t => {
  let value: Json = 'x'.repeat(100)
  for (let level = 0; level < 30; level++) value = { 'Fn::Sub': ['${X}${X}', { X: value }] }
  t.throws(() => evaluate(value, scope), { code: 'ValidationError', message: /more than 1048576 characters/ })
})

t.test('conditions are evaluated by name, and a circle of them is refused', async t => {
  const { isTrue: _unused, ...partial } = scope
  const template = parseTemplate(JSON.stringify({
    Conditions: { A: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'us-east-1'] }, B: { 'Fn::And': [{ Condition: 'A' }, { 'Fn::Not': [{ Condition: 'C' }] }] }, C: { 'Fn::Equals': ['1', '2'] }, D: { Condition: 'E' }, E: { 'Fn::Not': [{ Condition: 'D' }] } },
    Resources: { R: { Type: 'AWS::SNS::Topic' } }
  }))
  const isTrue = conditionsOf(template.conditions, partial)
  t.strictSame(['A', 'B', 'C'].map(isTrue), [true, true, false])
  const specification = await openSpecification()
  t.throws(() => { checkReferences(template, specification) }, { message: 'Template format error: Circular dependency between conditions: [D, E]' })
})

t.test('a value without functions is what it evaluates to', async t => {
  t.doesNotThrow(() => fc.assert(fc.property(fc.jsonValue({ maxDepth: 5 }), value => {
    const text = JSON.stringify(value)
    if (/"(Ref|Fn::)/.test(text)) return
    t.same(JSON.stringify(evaluate(value as Json, scope)), text)
  }), { numRuns: 50 }))
})

t.test('Join and Split undo each other', async t => {
  t.doesNotThrow(() => fc.assert(fc.property(fc.array(fc.string().map(text => text.replaceAll('|', '')), { minLength: 1 }), list => {
    const joined: Json = { 'Fn::Join': ['|', list] }
    const back = evaluate({ 'Fn::Split': ['|', joined] }, scope)
    if (JSON.stringify(back) !== JSON.stringify(list)) throw new Error(JSON.stringify(back))
  })))
})

t.test('whatever the dependencies, each is visited once, after those it waits for', async t => {
  const edges = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })), { maxLength: 25 })
  await t.resolves(fc.assert(fc.asyncProperty(edges, async pairs => {
    const dependsOn = (node: number): string[] => pairs.filter(([from, to]) => from === node && to < node).map(([, to]) => `R${to}`)
    const resources = new Map(Array.from({ length: 10 }, (_, node): [string, ResourceDefinition] => [`R${node}`, { type: 'T', properties: {}, dependsOn: dependsOn(node) }]))
    const done: string[] = []
    await visitInOrder(dependencyGraph(resources), async node => {
      if (!(resources.get(node)?.dependsOn ?? []).every(other => done.includes(other))) throw new Error(`${node} came too early`)
      await Promise.resolve()
      done.push(node)
      return true
    }, new AbortController().signal)
    if (new Set(done).size !== 10 || done.length !== 10) throw new Error(`visited ${done.join()}`)
  })))
})
