/** How a value's text becomes a member of the Data API's `Field`. */
export type Kind =
  'boolean' | 'long' | 'double' | 'decimal' | 'string' | 'blob' | 'json' | 'date' | 'time' | 'timestamp' | 'timestamptz'

/** A column's type as PostgreSQL, JDBC and the Data API each see it. */
export interface ColumnType {
  /** PostgreSQL's name, such as `int4`. */
  name: string
  /** The code of java.sql.Types that `columnMetadata.type` carries. */
  jdbcType: number
  /** Undefined when the Data API cannot return the type. */
  kind: Kind | undefined
  /** Of an array: the type of its elements. */
  element?: ColumnType
}

export const UNKNOWN_TYPE: ColumnType = { name: 'unknown', jdbcType: 1111, kind: undefined }

/** A row of pg_type for a type that is not built into this file. */
export interface CatalogType {
  oid: number
  name: string
  /** pg_type.typtype: `b` base, `c` composite, `e` enum, `p` pseudo, `r` range, `m` multirange. */
  category: string
  /** The element's name of a true array. */
  element: string | null
}

const ARRAY = 2003

/** The scalars that Aurora Serverless v2 returns (Data API operations reference), with the OID of the array of each. */
const scalars: ReadonlyArray<[oid: number, arrayOid: number, name: string, jdbcType: number, kind: Kind]> = [
  [16, 1000, 'bool', -7, 'boolean'],
  [17, 0, 'bytea', -2, 'blob'],
  [19, 1003, 'name', 12, 'string'],
  [20, 1016, 'int8', -5, 'long'],
  [21, 1005, 'int2', 5, 'long'],
  [23, 1007, 'int4', 4, 'long'],
  [25, 1009, 'text', 12, 'string'],
  [26, 1028, 'oid', -5, 'long'],
  [114, 199, 'json', 1111, 'json'],
  [650, 0, 'cidr', 1111, 'string'],
  [700, 1021, 'float4', 7, 'double'],
  [701, 1022, 'float8', 8, 'double'],
  [869, 0, 'inet', 1111, 'string'],
  [1042, 1014, 'bpchar', 1, 'string'],
  [1043, 1015, 'varchar', 12, 'string'],
  [1082, 1182, 'date', 91, 'date'],
  [1083, 1183, 'time', 92, 'time'],
  [1114, 1115, 'timestamp', 93, 'timestamp'],
  [1184, 1185, 'timestamptz', 93, 'timestamptz'],
  [1700, 1231, 'numeric', 2, 'decimal'],
  [2278, 0, 'void', 1111, 'string'],
  [2950, 2951, 'uuid', 1111, 'string'],
  [3802, 3807, 'jsonb', 1111, 'json']
]

/** Bits come back in an array though not by themselves. */
const bit: ColumnType = { name: 'bit', jdbcType: -7, kind: 'string' }

const builtIn = new Map<number, ColumnType>([[1561, arrayOf(bit)]])
for (const [oid, arrayOid, name, jdbcType, kind] of scalars) {
  const type = { name, jdbcType, kind }
  builtIn.set(oid, type)
  if (arrayOid) builtIn.set(arrayOid, arrayOf(type))
}

function arrayOf (element: ColumnType): ColumnType {
  return { name: `_${element.name}`, jdbcType: ARRAY, kind: element.kind, element }
}

/** The type with this OID, undefined when only the catalog knows it. */
export function builtInType (oid: number): ColumnType | undefined {
  return builtIn.get(oid)
}

const otherJdbcTypes: Readonly<Record<string, number>> = { money: 8, timetz: 92, bit: -7 }

/** The type that a row of pg_type describes: enums, most ranges and pgvector's vectors are returned, nothing else that is not built in. */
export function catalogType ({ name, category, element }: CatalogType): ColumnType {
  if (element !== null) return { name, jdbcType: ARRAY, kind: undefined, element: { name: element, jdbcType: 1111, kind: undefined } }
  const isReturned = category === 'e' || (category === 'r' && !refusedRanges.has(name)) || name === 'vector'
  const jdbcType = category === 'e' ? 12 : category === 'c' ? 2002 : otherJdbcTypes[name] ?? 1111
  return { name, jdbcType, kind: isReturned ? 'string' : undefined }
}

/** The tests of the client data-api-client, which run on Aurora 17.4, read ranges of int4 and numeric and get none of these (`tstzrange` is by analogy). */
const refusedRanges = new Set(['int8range', 'daterange', 'tsrange', 'tstzrange'])

/** The types that AWS names in capitals when it refuses them or an array of them; it names every other as PostgreSQL does (`regclass`). */
const capitals = new Set('bytea inet cidr bit varbit money interval timetz point lseg path box polygon line circle macaddr macaddr8 record jsonpath'.split(' ').concat(...refusedRanges))

/** A refused type as the exception spells it: `INTERVAL`, `"CHAR"`, `regclass`, `regtype[]`. */
export function refusedName ({ name, element }: ColumnType): string {
  if (element) return `${refusedName(element)}[]`
  if (name === 'char') return '"CHAR"'
  return capitals.has(name) ? name.toUpperCase() : name
}
