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

const signed = new Set(['int2', 'int4', 'int8', 'float4', 'float8', 'numeric'])
const caseless = new Set([...signed, 'oid', 'bool', 'bit', 'varbit', 'date', 'time', 'timetz', 'timestamp', 'timestamptz', 'interval'])
const serial: Readonly<Record<string, string>> = { int2: 'smallserial', int4: 'serial', int8: 'bigserial' }

/** One column in the words of java.sql.ResultSetMetaData, as the PostgreSQL JDBC driver answers them. */
function describeColumn (column: FieldDef, type: ColumnType, attribute?: Attribute): ColumnMetadata {
  const scalar = type.element ?? type
  const generated = attribute?.generated ?? false
  return {
    arrayBaseColumnType: type.element?.jdbcType ?? 0,
    isAutoIncrement: generated,
    isCaseSensitive: !caseless.has(scalar.name),
    isCurrency: type.name === 'money',
    isSigned: signed.has(scalar.name),
    label: column.name,
    name: column.name,
    nullable: attribute ? (attribute.notNull ? 0 : 1) : 2,
    precision: precisionOf(scalar.name, column.dataTypeModifier),
    scale: scaleOf(scalar.name, column.dataTypeModifier),
    schemaName: '',
    tableName: attribute?.table ?? '',
    type: type.jdbcType,
    typeName: (generated && serial[type.name]) || type.name
  }
}

const fixedPrecision: Readonly<Record<string, number>> = {
  int2: 5, int4: 10, int8: 19, oid: 10, float4: 8, float8: 17, bool: 1, date: 13, interval: 49
}

/** The width of the date and the zone around a time's seconds, which have their own. */
const timeWidth: Readonly<Record<string, number>> = { time: 8, timetz: 14, timestamp: 22, timestamptz: 28 }

const UNLIMITED = 2_147_483_647

/** `modifier` is atttypmod: -1 for none; for character and numeric types four more than what was declared. */
function precisionOf (name: string, modifier: number): number {
  const fixed = fixedPrecision[name]
  if (fixed !== undefined) return fixed
  const width = timeWidth[name]
  if (width !== undefined) return width + (modifier === -1 ? 7 : modifier === 0 ? 0 : modifier + 1)
  if (name === 'numeric') return modifier === -1 ? 0 : ((modifier - 4) >> 16) & 0xffff
  if (modifier === -1) return UNLIMITED
  if (name === 'bpchar' || name === 'varchar') return modifier - 4
  return name === 'bit' || name === 'varbit' ? modifier : UNLIMITED
}

function scaleOf (name: string, modifier: number): number {
  if (name === 'float4' || name === 'float8') return precisionOf(name, modifier)
  if (name in timeWidth || name === 'interval') return modifier === -1 ? 6 : modifier
  return name === 'numeric' && modifier !== -1 ? (modifier - 4) & 0xffff : 0
}
