import t from 'tap'

import { bindValue, type Json } from '../../../src/queries/sql/arguments.js'

t.test('without a type, JSON decides', async t => {
  const bound: Array<[value: Json, wanted: unknown, cast: string | null]> = [
    ['2026-01-01', '2026-01-01', null], [1, 1n, null], [-0.5, -0.5, null], [true, true, null], [null, null, null], [{ a: [1] }, '{"a":[1]}', 'jsonb'],
    [[1, null], '{"1",NULL}', 'int8[]'], [[1, 1.5], '{"1","1.5"}', 'float8[]'], [[true], '{"true"}', 'bool[]'], [[], '{}', 'text[]'],
    [['a"b', '\\', 'NULL', ''], '{"a\\"b","\\\\","NULL",""}', 'text[]'], [[[1], [2]], '{{"1"},{"2"}}', 'int8[]'],
    [[{ a: 1 }], '{"{\\"a\\":1}"}', 'jsonb[]']
  ]
  for (const [value, wanted, cast] of bound) t.strictSame(bindValue(value, null), { value: wanted, cast }, JSON.stringify(value))
})

t.test('with a type, its text is cast', async t => {
  const bound: Array<[value: Json, type: string, wanted: unknown]> = [
    ['9007199254740993', 'bigint', '9007199254740993'], [1.1, 'numeric', '1.1'], [true, 'text', 'true'], [{ a: 1 }, 'json', '{"a":1}'],
    ['AP8=', 'bytea', Buffer.from([0, 255])], ['AP8', 'bytea', Buffer.from([0, 255])], ['', 'bytea', Buffer.alloc(0)], [['AP8='], 'bytea[]', '{"\\\\x00ff"}'], [[[1], { a: 2 }], 'jsonb[]', '{"[1]","{\\"a\\":2}"}'], [null, 'uuid', null]
  ]
  for (const [value, type, wanted] of bound) t.strictSame(bindValue(value, type), { value: wanted, cast: type }, JSON.stringify(value))
})

t.test('what cannot be bound exactly is not bound', async t => {
  for (const [value, type] of [[2 ** 60, null], [[1, 'a'], null], ['!', 'bytea'], ['A', 'bytea'], ['AQ=', 'bytea'], ['AQI=A', 'bytea'], [Infinity, null], [-Infinity, 'float8'], [[2 ** 60], 'int[]'], [1, 'bytea']] as Array<[Json, string | null]>) {
    t.throws(() => bindValue(value, type), { name: 'UnfitValue' }, JSON.stringify(value))
  }
})
