import assert from 'node:assert/strict'
import * as cloudFormation from '@aws-sdk/client-cloudformation'
import * as rds from '@aws-sdk/client-rds'
import { QueryShapeSerializer } from '@aws-sdk/core/protocols'
import fc from 'fast-check'
import t from 'tap'
import { AwsError } from '../../../sandbox/aws.js'
import { readForm } from '../../../sandbox/wire/query-form.js'
import { readModel, type Shape } from '../../../sandbox/wire/schemas.js'
import { valueOf } from './shape-values.js'

const model = readModel({ ...rds, ...cloudFormation })
const operations = [...model.operations.values()].filter(({ input }) => !input.isUnitSchema())

function inputOf (operation: string): Shape {
  const found = model.operations.get(operation)
  assert.ok(found)
  return found.input
}

/** The form that the SDK's own clients would send. */
function serialize (shape: Shape, value: unknown): string {
  const serializer = new QueryShapeSerializer({
    timestampFormat: { useTrait: true, default: 5 },
    httpBindings: false,
    serializeEmptyLists: true
  })
  serializer.write(shape, value)
  return String(serializer.flush() ?? '')
}

t.test('reads back whatever the SDK writes, for every operation of CloudFormation and RDS', async () => {
  const requests = fc.constantFrom(...operations.map(({ name }) => name))
    .chain(name => valueOf(inputOf(name)).map(value => ({ name, value })))
  fc.assert(fc.property(requests, ({ name, value }) => {
    const shape = inputOf(name)
    const read = readForm(new URLSearchParams(serialize(shape, value)), shape, [])
    assert.deepEqual(structuredClone(read), value)
  }), { numRuns: 300 })
})

t.test('items come in the order of their numbers, whatever the order of arrival', async t => {
  const form = Array.from({ length: 12 }, (_, index): [string, string] => [`Capabilities.member.${12 - index}`, `c${12 - index}`])
  t.strictSame(readForm(form, inputOf('CreateStack'), []), { Capabilities: Array.from({ length: 12 }, (_, index) => `c${index + 1}`) })
})

t.test('names of JavaScript itself are names like any other', async t => {
  t.strictSame(readForm([['__proto__.x', '1'], ['constructor', 'x'], ['Tags', '']], inputOf('CreateStack'), []), { Tags: [] })
  t.notHas({}, { x: '1' })
})

const isNo = (value: string, member: string, kind: string): string => `The value "${value}" of ${member} is not a valid ${kind}`

for (const [name, value, says] of [
  ['DisableRollback', 'maybe', isNo('maybe', 'DisableRollback', 'Boolean')],
  ['TimeoutInMinutes', '', isNo('', 'TimeoutInMinutes', 'Number')],
  ['TimeoutInMinutes', '0x20', isNo('0x20', 'TimeoutInMinutes', 'Number')],
  ['TimeoutInMinutes', 'NaN', isNo('NaN', 'TimeoutInMinutes', 'Number')],
  ['TimeoutInMinutes', ' 20', isNo(' 20', 'TimeoutInMinutes', 'Number')],
  ['Tags', 'blue', 'Tags has parts, and is not to have a value'],
  ['Tags.member.1', 'blue', 'Tags.1.member has parts, and is not to have a value'],
  ['Tags.member.__proto__.Key', 'blue', 'The items of Tags are to be numbered, as in Tags.member.1'],
  ['Tags.blue.1.Key', 'blue', 'The items of Tags are to be numbered, as in Tags.member.1']
] as const) {
  t.test(`refuses ${name}=${value}`, async t => {
    t.throws(() => readForm([[name, value]], inputOf('CreateStack'), []), new AwsError('MalformedInput', says))
  })
}
