import t from 'tap'
import { startFixture } from './fixture.js'

const fixture = await startFixture()
t.teardown(fixture.close)
const { execute } = fixture

type Expectation = [
  name: string, declaration: string, type: number, typeName: string, precision: number, scale: number,
  nullable: number, isSigned: boolean, isCaseSensitive: boolean
]

/** What PostgreSQL's JDBC driver 42.7 answers for a table of these columns. */
const recorded: Expectation[] = [
  ['id', 'serial primary key', 4, 'serial', 10, 0, 0, true, false],
  ['i2', 'int2', 5, 'int2', 5, 0, 1, true, false],
  ['i4', 'int4 not null', 4, 'int4', 10, 0, 0, true, false],
  ['i8', 'int8', -5, 'int8', 19, 0, 1, true, false],
  ['n', 'numeric(12,6)', 2, 'numeric', 12, 6, 1, true, false],
  ['n0', 'numeric', 2, 'numeric', 0, 0, 1, true, false],
  ['r', 'float4', 7, 'float4', 8, 8, 1, true, false],
  ['d', 'float8', 8, 'float8', 17, 17, 1, true, false],
  ['b', 'bool', -7, 'bool', 1, 0, 1, false, false],
  ['ch', 'char(10)', 1, 'bpchar', 10, 0, 1, false, true],
  ['v', 'varchar(255)', 12, 'varchar', 255, 0, 1, false, true],
  ['t', 'text', 12, 'text', 2147483647, 0, 1, false, true],
  ['dt', 'date', 91, 'date', 13, 0, 1, false, false],
  ['tm', 'time', 92, 'time', 15, 6, 1, false, false],
  ['tmz', 'timetz', 92, 'timetz', 21, 6, 1, false, false],
  ['ts', 'timestamp', 93, 'timestamp', 29, 6, 1, false, false],
  ['tsz', 'timestamptz', 93, 'timestamptz', 35, 6, 1, false, false],
  ['by', 'bytea', -2, 'bytea', 2147483647, 0, 1, false, true],
  ['j', 'json', 1111, 'json', 2147483647, 0, 1, false, true],
  ['jb', 'jsonb', 1111, 'jsonb', 2147483647, 0, 1, false, true],
  ['u', 'uuid', 1111, 'uuid', 2147483647, 0, 1, false, true],
  ['ine', 'inet', 1111, 'inet', 2147483647, 0, 1, false, true],
  ['ci', 'cidr', 1111, 'cidr', 2147483647, 0, 1, false, true],
  ['ia', 'int4[]', 2003, '_int4', 10, 0, 1, true, false],
  ['ta', 'text[]', 2003, '_text', 2147483647, 0, 1, false, true],
  ['na', 'numeric[]', 2003, '_numeric', 0, 0, 1, true, false],
  ['mo', 'money', 8, 'money', 2147483647, 0, 1, false, true],
  ['iv', 'interval', 1111, 'interval', 49, 6, 1, false, false],
  ['ir', 'int4range', 1111, 'int4range', 2147483647, 0, 1, false, true],
  ['bi', 'bit(3)', -7, 'bit', 3, 0, 1, false, false],
  ['ma', 'macaddr', 1111, 'macaddr', 2147483647, 0, 1, false, true],
  ['o', 'oid', -5, 'oid', 10, 0, 1, false, false],
  ['nm', 'name', 12, 'name', 2147483647, 0, 1, false, true]
]

await execute(`create table mt (${recorded.map(([name, declaration]) => `${name} ${declaration}`).join(', ')})`)

t.test('columns are described as the JDBC driver describes them', async t => {
  const { columnMetadata = [] } = await execute('select * from mt', { includeResultMetadata: true })
  t.equal(columnMetadata.length, recorded.length)
  for (const [index, [name, , type, typeName, precision, scale, nullable, isSigned, isCaseSensitive]] of recorded.entries()) {
    const { arrayBaseColumnType, ...column } = columnMetadata[index] ?? {}
    t.strictSame(column, {
      name,
      label: name,
      type,
      typeName,
      precision,
      scale,
      nullable,
      isSigned,
      isCaseSensitive,
      isCurrency: name === 'mo',
      isAutoIncrement: name === 'id',
      schemaName: '',
      tableName: 'mt'
    }, name)
  }
})

t.test('an expression has no table and an unknown nullability', async t => {
  const { columnMetadata } = await execute("select count(*) as cnt, 'x' as lit, ts as moment, array[1] as list from mt group by ts", { includeResultMetadata: true })
  t.match(columnMetadata, [
    { label: 'cnt', typeName: 'int8', nullable: 2, tableName: '' },
    { label: 'lit', typeName: 'text', nullable: 2, tableName: '' },
    { label: 'moment', typeName: 'timestamp', nullable: 1, tableName: 'mt' },
    { label: 'list', typeName: '_int4', arrayBaseColumnType: 4 }
  ])
})

t.test('what is generated is an identity or a default from a sequence', async t => {
  await execute('create table generated (a bigserial, b smallserial, c int generated always as identity, d timestamp(3), e int default 5)')
  const { columnMetadata } = await execute('select * from generated', { includeResultMetadata: true })
  t.strictSame(columnMetadata?.map(({ typeName, isAutoIncrement, precision }) => [typeName, isAutoIncrement, precision]), [
    ['bigserial', true, 19], ['smallserial', true, 5], ['serial', true, 10], ['timestamp', false, 26], ['int4', false, 10]
  ])
})

t.test('without being asked for, there is no metadata, nor where there are no rows', async t => {
  t.notOk('columnMetadata' in await execute('select 1'))
  t.notOk('columnMetadata' in await execute('insert into generated (d) values (null)', { includeResultMetadata: true }))
})
