import t from 'tap'

import { loadCatalog } from '../../src/templates/catalog.js'
import { importsOf } from '../../src/templates/imports.js'
import { readTemplate } from '../../src/templates/template.js'

const PSEUDO = { 'AWS::Region': 'eu-west-1', 'AWS::StackName': 'acme' }

t.test('the products import a network where one is named', async t => {
  for (const template of loadCatalog().values()) {
    t.strictSame(importsOf(template, { NetworkStackName: '30' }, PSEUDO), [])
    t.strictSame(importsOf(template, { NetworkStackName: 'net' }, PSEUDO), [
      { name: 'net-DBSubnetGroupName', parameter: 'NetworkStackName' },
      { name: 'net-DBSecurityGroupId', parameter: 'NetworkStackName' }
    ])
  }
})

/** What stands for the property of a resource, and what it imports with `Name` being `x`. */
const cases: Array<[property: string, names: string[]]> = [
  ['plain', []],
  ['!ImportValue fixed', ['fixed']],
  ['!ImportValue {Ref: Name}', ['x']],
  ["{'Fn::ImportValue': !Ref Name}", ['x']],
  ["{'Fn::ImportValue': !Sub '${AWS::Region}-${Name}-${!Name}'}", ['eu-west-1-x-${Name}']], // eslint-disable-line no-template-curly-in-string
  ["{'Fn::ImportValue': !Join ['-', [!Ref Name, a, !Ref 'AWS::StackName']]}", ['x-a-acme']],
  ["[{a: {b: [{'Fn::ImportValue': deep}]}}]", ['deep']],
  ["{'Fn::Join': [',', [{'Fn::ImportValue': a}, {'Fn::ImportValue': b}]]}", ['a', 'b']],
  ["!If [Yes, {'Fn::ImportValue': then}, {'Fn::ImportValue': else}]", ['then']],
  ["!If [No, {'Fn::ImportValue': then}, {'Fn::ImportValue': else}]", ['else']],
  ["!If [Unknown, {'Fn::ImportValue': then}, {'Fn::ImportValue': else}]", []],
  ["!If [Yes, !If [No, a, {'Fn::ImportValue': inner}], b]", ['inner']],
  ["{'Fn::ImportValue': !Sub '${Other.Arn}-y'}", []], // eslint-disable-line no-template-curly-in-string
  ["{'Fn::ImportValue': !GetAtt Other.Arn}", []],
  ["{'Fn::ImportValue': !Join ['-', [!GetAtt Other.Arn]]}", []]
]
for (const [property, names] of cases) {
  t.test(`a property ${property} imports ${names.join(', ') || 'nothing'}`, async t => {
    const template = readTemplate('example', exampleWith(`{Type: AWS::A::B, Properties: {P: ${property}}}`))
    t.strictSame(template && importsOf(template, {}, PSEUDO).map(({ name }) => name), names)
  })
}

t.test('a resource or an output that is not made, or may not be, imports nothing', async t => {
  const template = readTemplate('example', `${exampleWith(['Yes', 'No', 'Unknown'].map(condition => `{Condition: ${condition}, Type: T, Properties: {P: {'Fn::ImportValue': in-${condition}}}}`).join(', Next: '))}
Outputs:
  Made: {Condition: Yes, Value: !ImportValue of-output}
  NotMade: {Condition: No, Value: !ImportValue of-none}
`.replace('Next: {Condition: Unknown', 'Last: {Condition: Unknown'))
  t.strictSame(template && importsOf(template, {}, PSEUDO), [{ name: 'in-Yes', parameter: null }, { name: 'of-output', parameter: null }])
})

function exampleWith (resource: string): string {
  return `
Metadata: {AuroraDatabases: {Title: Example, Generation: v2}}
Parameters:
  Name: {Type: String, Default: x}
Conditions:
  Yes: !Equals [!Ref Name, x]
  No: !Equals [!Ref Name, y]
  Unknown: !Equals [!FindInMap [A, B, C], x]
Resources: {One: ${resource}}
`
}
