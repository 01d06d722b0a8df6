import fc from 'fast-check'
import t from 'tap'

import { hashOf, idOf, ID_PATTERN, parseId, SLUG_MAX_LENGTH, SLUG_PATTERN, stackNameOf, type DatabaseKey } from '../../src/databases/naming.js'

const slug = fc.stringMatching(new RegExp(SLUG_PATTERN)).filter(text => text.length <= SLUG_MAX_LENGTH)
const key = fc.record<DatabaseKey>({
  client: slug,
  name: slug,
  environment: fc.constantFrom('dev', 'staging', 'uat', 'production'),
  region: fc.constantFrom('us-east-1', 'eu-west-1', 'us-gov-west-1', 'ap-southeast-2')
})

t.test('a stack name is one to CloudFormation, and can name a cluster too', async t => {
  fc.assert(fc.property(key, each => {
    const name = stackNameOf(each)
    return /^[a-zA-Z][-a-zA-Z0-9]*$/.test(name) && name.length <= 63 && !name.includes('--') && !name.endsWith('-')
  }))
  t.equal(stackNameOf({ client: 'a'.repeat(40), name: 'b'.repeat(40), environment: 'production', region: 'eu-west-1' }).length, 63)
})

t.test('it is a function of the key, and of the whole key', async t => {
  fc.assert(fc.property(key, key, (one, other) => {
    const isSame = hashOf(one) === hashOf(other)
    return (stackNameOf(one) === stackNameOf({ ...other })) === isSame
  }))
  const dev = { environment: 'dev', region: 'eu-west-1' }
  t.not(stackNameOf({ client: 'acme-x', name: 'y', ...dev }), stackNameOf({ client: 'acme', name: 'x-y', ...dev }), 'hyphens do not move')
  t.not(stackNameOf({ client: 'acme', name: 'x', ...dev }), stackNameOf({ client: 'acme', name: 'x', ...dev, region: 'us-east-1' }))
  t.equal(stackNameOf({ client: 'acme', name: 'orders', ...dev }), 'acme-orders-dev-kv2yaiou', 'also tomorrow: the stacks of yesterday are found by it')
})

t.test('an id says where to look', async t => {
  fc.assert(fc.property(key, each => {
    const [region, stackName] = [each.region, stackNameOf(each)]
    const id = idOf(region, stackName)
    return new RegExp(ID_PATTERN).test(id) && JSON.stringify(parseId(id)) === JSON.stringify({ region, stackName })
  }))
  for (const wrong of ['', 'acme', 'eu-west-1.', '.acme', 'eu-west.acme', 'eu-west-1.1acme', 'eu-west-1.ac_me', 'eu-west-1.a.b', 'eu-west-1.acme\n', `eu-west-1.${'a'.repeat(129)}`, '../../x']) {
    t.equal(parseId(wrong), null, JSON.stringify(wrong))
  }
})

t.test('a hash does not depend on the order of keys, but on that of lists', async t => {
  t.equal(hashOf({ a: 1, b: { c: [1, 2], d: null } }), hashOf({ b: { d: null, c: [1, 2] }, a: 1 }))
  t.not(hashOf([1, 2]), hashOf([2, 1]))
  t.not(hashOf({ at: new Date(0) }), hashOf({ at: new Date(1) }), 'a time is no empty object')
  t.match(hashOf('x'), /^[a-z2-7]{26}$/)
})
