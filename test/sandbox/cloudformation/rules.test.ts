import t from 'tap'
import { openSpecification } from '../../../sandbox/cloudformation/specification/specification.js'
import { checkReferences } from '../../../sandbox/cloudformation/template/check.js'
import { checkRules } from '../../../sandbox/cloudformation/template/rules.js'
import type { Evaluated } from '../../../sandbox/cloudformation/template/scope.js'
import { parseTemplate } from '../../../sandbox/cloudformation/template/template.js'
import { caller, openLab, recordingHandler, templateOf, TYPE } from './fixture.js'

const specification = await openSpecification()

function check (rules: object, parameters: Record<string, Evaluated> = {}): void {
  const template = parseTemplate(JSON.stringify({ Rules: rules, Parameters: Object.fromEntries(Object.keys(parameters).map(name => [name, { Type: 'String' }])), Resources: { A: { Type: 'AWS::SNS::Topic' } } }))
  checkReferences(template, specification)
  checkRules(template.rules, name => parameters[name])
}

const rule = (assert: unknown, condition?: unknown): object => ({ R: { ...(condition === undefined ? {} : { RuleCondition: condition }), Assertions: [{ Assert: assert, AssertDescription: 'It must.' }] } })
const ref = (name: string): object => ({ Ref: name })
const parameters = { Env: 'prod', Size: '4', Zones: ['a', 'b'] }

t.test('every rule function gives what AWS documents', async t => {
  const holding: unknown[] = [
    { 'Fn::Equals': [ref('Env'), 'prod'] },
    { 'Fn::Not': [{ 'Fn::Equals': [ref('Env'), 'dev'] }] },
    { 'Fn::And': [{ 'Fn::Equals': ['1', 1] }, { 'Fn::Contains': [['prod', 'test'], ref('Env')] }] },
    { 'Fn::Or': [{ 'Fn::Equals': ['1', '2'] }, { 'Fn::EachMemberEquals': [['x', 'x'], 'x'] }] },
    { 'Fn::EachMemberIn': [ref('Zones'), ['a', 'b', 'c']] }
  ]
  for (const assert of holding) {
    t.doesNotThrow(() => { check(rule(assert), parameters) }, JSON.stringify(assert))
    t.throws(() => { check(rule({ 'Fn::Not': [assert] }), parameters) }, { code: 'ValidationError', message: 'Template validation error: It must.' })
  }
})

t.test('a rule whose condition is not met asks for nothing', async t => {
  const never = { 'Fn::Equals': ['a', 'b'] }
  t.doesNotThrow(() => { check(rule(never, { 'Fn::Equals': [ref('Env'), 'dev'] }), parameters) })
  t.throws(() => { check(rule(never, { 'Fn::Equals': [ref('Env'), 'prod'] }), parameters) }, { message: /It must/ })
})

t.test('what only the network of an account could tell is taken as it should be', async t => {
  const inVpc = { 'Fn::EachMemberIn': [{ 'Fn::ValueOfAll': ['AWS::EC2::Subnet::Id', 'VpcId'] }, { 'Fn::RefAll': 'AWS::EC2::VPC::Id' }] }
  t.doesNotThrow(() => { check(rule(inVpc)) })
  t.doesNotThrow(() => { check(rule({ 'Fn::Equals': ['a', 'b'] }, inVpc)) })
})

t.test('a rule that is none is refused', async t => {
  const refused: Array<[object, RegExp]> = [
    [{ R: 'x' }, /Any Rules member must be an object/],
    [{ R: {} }, /non-empty Assertions list/],
    [{ R: { Assertions: [{}] } }, /must contain an Assert/],
    [rule({ 'Fn::Join': ['', ['a']] }), /Cannot use Fn::Join in Rules/],
    [rule({ 'Fn::Equals': ['a'] }), /Fn::Equals object requires a list of two string parameters/],
    [rule({ 'Fn::Equals': [ref('Nowhere'), 'a'] }), /Unresolved dependencies \[Nowhere\]/],
    [rule('perhaps'), /must evaluate to a boolean/],
    [rule({ constructor: ['a'] }), /must evaluate to a boolean/],
    [rule({ 'Fn::Not': [{ Condition: 'C' }] }), /Unresolved condition dependency C in the Rules block/]
  ]
  for (const [rules, message] of refused) t.throws(() => { check(rules) }, { code: 'ValidationError', message }, message.source)
})

t.test('a stack whose parameters break a rule is neither made nor changed', async t => {
  const log: string[] = []
  const lab = openLab({ handlers: { [TYPE]: recordingHandler(log) } })
  t.teardown(lab.close)
  const body = templateOf({ A: {} }, {
    Parameters: { BootstrapVersion: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/cdk-bootstrap/hnb659fds/version' }, Size: { Type: 'Number', Default: 1 } },
    Rules: {
      CheckBootstrapVersion: { Assertions: [{ Assert: { 'Fn::Not': [{ 'Fn::Contains': [['1', '2', '3', '4', '5'], ref('BootstrapVersion')] }] }, AssertDescription: 'Bootstrap again.' }] },
      CheckSize: { Assertions: [{ Assert: { 'Fn::Contains': [['1', '2'], ref('Size')] }, AssertDescription: 'One or two.' }] }
    }
  })
  const sized = (size: string): Parameters<typeof lab.operations.CreateStack>[0] => ({ StackName: 'ruled', TemplateBody: body, Parameters: [{ ParameterKey: 'Size', ParameterValue: size }] })
  await t.rejects(lab.operations.CreateStack(sized('3'), caller), { message: /One or two\./ })
  t.strictSame(log, [])
  await t.rejects(lab.operations.DescribeStacks({ StackName: 'ruled' }, caller), { message: 'Stack with id ruled does not exist' })
  const { StackId: id = '' } = await lab.operations.CreateStack(sized('2'), caller)
  await lab.whenIdle(id)
  await t.rejects(lab.operations.UpdateStack(sized('4'), caller), { message: /One or two\./ })
  await t.rejects(lab.operations.CreateStack({ ...sized('1'), StackName: 'old', Parameters: [{ ParameterKey: 'BootstrapVersion', ParameterValue: '/nowhere' }] }, caller), { message: /Unable to fetch parameters/ })
})
