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
    const read = readForm(new URLSearchParams(serialize(shape, value)), shape)
    assert.deepEqual(structuredClone(read), value)
  }), { numRuns: 300 })
})

t.test('items come in the order of their numbers, whatever the order of arrival', async t => {
  const form = Array.from({ length: 12 }, (_, index): [string, string] => [`Capabilities.member.${12 - index}`, `c${12 - index}`])
  t.strictSame(readForm(form, inputOf('CreateStack')), { Capabilities: Array.from({ length: 12 }, (_, index) => `c${index + 1}`) })
})

t.test('names of JavaScript itself are names like any other', async t => {
  t.strictSame(readForm([['__proto__.x', '1'], ['constructor', 'x'], ['Tags.member.__proto__.Key', 'x']], inputOf('CreateStack')), { Tags: [] })
  t.notHas({}, { x: '1' })
})

for (const [value, member] of [['maybe', 'DisableRollback'], ['', 'TimeoutInMinutes'], ['ten', 'TimeoutInMinutes']] as const) {
  t.test(`refuses ${member}=${value}`, async t => {
    t.throws(() => readForm([[member, value]], inputOf('CreateStack')), new AwsError('MalformedInput', `The value "${value}" of ${member} is not a valid ${member === 'DisableRollback' ? 'Boolean' : 'Number'}`))
  })
}
