import type { ColumnMetadata } from '@aws-sdk/client-rds-data'
import type { FieldDef } from 'pg'
import { builtInType, catalogType, type CatalogType, type ColumnType, UNKNOWN_TYPE } from './column-types.js'
import type { Session } from './sessions.js'

/** A row of pg_attribute, for what the protocol does not say of a column. */
interface Attribute {
  relation: number
  number: number
  table: string
  notNull: boolean
  generated: boolean
}

const typesQuery = `
  select t.oid::int8::float8 as oid, t.typname as name, t.typtype::text as category, e.typname as element
  from pg_catalog.pg_type t
  left join pg_catalog.pg_type e on e.typarray = t.oid
  where t.oid = any ($1::oid[])`

const attributesQuery = `
  select a.attrelid::int8::float8 as relation, a.attnum as number, c.relname as table, a.attnotnull as "notNull",
    a.attidentity <> '' or coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid) like 'nextval(%', false) as generated
  from unnest($1::oid[], $2::int2[]) as wanted (relation, number)
  join pg_catalog.pg_attribute a on a.attrelid = wanted.relation and a.attnum = wanted.number
  join pg_catalog.pg_class c on c.oid = a.attrelid
  left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum`

/** The types of a result's columns. The catalog is asked only for types that are not built in, such as enums. */
export async function readTypes (session: Session, columns: readonly FieldDef[]): Promise<ColumnType[]> {
  const unknown = new Set(columns.map(({ dataTypeID }) => dataTypeID).filter(oid => !builtInType(oid)))
  const rows = unknown.size > 0 ? await session.query<CatalogType>(typesQuery, [[...unknown]]) : []
  const found = new Map(rows.map(row => [row.oid, catalogType(row)]))
  return columns.map(({ dataTypeID: oid }) => builtInType(oid) ?? found.get(oid) ?? UNKNOWN_TYPE)
}

/** What `includeResultMetadata` adds: the columns as PostgreSQL's JDBC driver describes them. */
export async function readMetadata (
  session: Session,
  columns: readonly FieldDef[],
  types: readonly ColumnType[]
): Promise<ColumnMetadata[]> {
  const stored = columns.filter(({ tableID }) => tableID > 0)
  const rows = stored.length > 0
    ? await session.query<Attribute>(attributesQuery, [stored.map(({ tableID }) => tableID), stored.map(({ columnID }) => columnID)])
    : []
  const attributes = new Map(rows.map(row => [`${row.relation}.${row.number}`, row]))
  return columns.map((column, index) =>
    describeColumn(column, types[index] ?? UNKNOWN_TYPE, attributes.get(`${column.tableID}.${column.columnID}`)))
}

const serial: Readonly<Record<string, string>> = { int2: 'smallserial', int4: 'serial', int8: 'bigserial' }

/** One column in the words of java.sql.ResultSetMetaData, as the PostgreSQL JDBC driver answers them. */
function describeColumn (column: FieldDef, type: ColumnType, attribute?: Attribute): ColumnMetadata {
  const scalar = type.element ?? type
  const generated = attribute?.generated ?? false
  const measure = measures[scalar.name]
  const [precision, scale, isSigned = false] = measure?.(column.dataTypeModifier) ?? [lengthOf(scalar.name, column.dataTypeModifier), 0]
  return {
    arrayBaseColumnType: type.element?.jdbcType ?? 0,
    isAutoIncrement: generated,
    isCaseSensitive: measure === undefined,
    isCurrency: type.name === 'money',
    isSigned,
    label: column.name,
    name: column.name,
    nullable: attribute ? (attribute.notNull ? 0 : 1) : 2,
    precision,
    scale,
    schemaName: '',
    tableName: attribute?.table ?? '',
    type: type.jdbcType,
    typeName: (generated && serial[type.name]) || type.name
  }
}

type Measure = [precision: number, scale: number, isSigned?: true]

const UNLIMITED = 2_147_483_647

/** What the driver says of types without letters. `modifier` is atttypmod: -1 for none; for numeric and text four more than what was declared. */
const measures: Readonly<Record<string, (modifier: number) => Measure>> = {
  int2: () => [5, 0, true],
  int4: () => [10, 0, true],
  int8: () => [19, 0, true],
  oid: () => [10, 0],
  float4: () => [8, 8, true],
  float8: () => [17, 17, true],
  numeric: modifier => modifier === -1 ? [0, 0, true] : [((modifier - 4) >> 16) & 0xffff, (modifier - 4) & 0xffff, true],
  bool: () => [1, 0],
  bit: modifier => [modifier === -1 ? UNLIMITED : modifier, 0],
  varbit: modifier => [modifier === -1 ? UNLIMITED : modifier, 0],
  date: () => [13, 0],
  interval: modifier => [49, modifier === -1 ? 6 : modifier],
  time: modifier => secondsAfter(8, modifier),
  timetz: modifier => secondsAfter(14, modifier),
  timestamp: modifier => secondsAfter(22, modifier),
  timestamptz: modifier => secondsAfter(28, modifier)
}

/** `width` is that of the date, the time and the zone around the fraction of a second. */
function secondsAfter (width: number, modifier: number): Measure {
  const digits = modifier === -1 ? 6 : modifier
  return [width + (digits && digits + 1), digits]
}

function lengthOf (name: string, modifier: number): number {
  return modifier !== -1 && (name === 'bpchar' || name === 'varchar') ? modifier - 4 : UNLIMITED
}
