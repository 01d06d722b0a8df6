import type { SqlError } from '../../aws/sql-error.js'

/** PostgreSQL's names of the conditions that callers meet (its manual, appendix A). */
const conditions: Readonly<Record<string, string>> = {
  '08P01': 'protocol_violation',
  '0A000': 'feature_not_supported',
  21000: 'cardinality_violation',
  22001: 'string_data_right_truncation',
  22003: 'numeric_value_out_of_range',
  22007: 'invalid_datetime_format',
  22008: 'datetime_field_overflow',
  22012: 'division_by_zero',
  22023: 'invalid_parameter_value',
  22021: 'character_not_in_repertoire',
  '2202E': 'array_subscript_error',
  '22P02': 'invalid_text_representation',
  '22P05': 'untranslatable_character',
  '22P03': 'invalid_binary_representation',
  22032: 'invalid_json_text',
  '2201B': 'invalid_regular_expression',
  23001: 'restrict_violation',
  23502: 'not_null_violation',
  23503: 'foreign_key_violation',
  23505: 'unique_violation',
  23514: 'check_violation',
  '23P01': 'exclusion_violation',
  25001: 'active_sql_transaction',
  25006: 'read_only_sql_transaction',
  '25P01': 'no_active_sql_transaction',
  '25P02': 'in_failed_sql_transaction',
  26000: 'invalid_sql_statement_name',
  '2BP01': 'dependent_objects_still_exist',
  '2D000': 'invalid_transaction_termination',
  34000: 'invalid_cursor_name',
  '3B001': 'invalid_savepoint_specification',
  '3D000': 'invalid_catalog_name',
  '3F000': 'invalid_schema_name',
  40001: 'serialization_failure',
  '40P01': 'deadlock_detected',
  42501: 'insufficient_privilege',
  42601: 'syntax_error',
  42602: 'invalid_name',
  42611: 'invalid_column_definition',
  42622: 'name_too_long',
  42701: 'duplicate_column',
  42702: 'ambiguous_column',
  42703: 'undefined_column',
  42704: 'undefined_object',
  42710: 'duplicate_object',
  42723: 'duplicate_function',
  42725: 'ambiguous_function',
  42803: 'grouping_error',
  42804: 'datatype_mismatch',
  42809: 'wrong_object_type',
  42846: 'cannot_coerce',
  42883: 'undefined_function',
  42939: 'reserved_name',
  '42P01': 'undefined_table',
  '42P02': 'undefined_parameter',
  '42P06': 'duplicate_schema',
  '42P07': 'duplicate_table',
  '42P10': 'invalid_column_reference',
  '42P18': 'indeterminate_datatype',
  53100: 'disk_full',
  53200: 'out_of_memory',
  53300: 'too_many_connections',
  53400: 'configuration_limit_exceeded',
  54000: 'program_limit_exceeded',
  54001: 'statement_too_complex',
  55000: 'object_not_in_prerequisite_state',
  55006: 'object_in_use',
  '55P03': 'lock_not_available',
  57014: 'query_canceled',
  P0001: 'raise_exception',
  P0002: 'no_data_found',
  P0004: 'assert_failure',
  XX000: 'internal_error',
  XX001: 'data_corrupted',
  XX002: 'index_corrupted'
}

/** What a SQLSTATE is called, null for one that is rarely met. */
export function conditionOf (sqlState: string): string | null {
  return conditions[sqlState] ?? null
}

/** What a violated constraint, its table and its column are called: AWS tells them in the message and nowhere else. */
export function namesIn ({ sqlState, message }: SqlError): { constraint: string | null, table: string | null, column: string | null } {
  const named = (pattern: RegExp): string | null => sqlState.startsWith('23') ? pattern.exec(message)?.[1] ?? null : null
  return {
    constraint: named(/constraint "(.+?)"(?: |$)/),
    table: named(/(?:relation|on table|or delete on table) "(.+?)"(?: |$)/),
    column: named(/column "(.+?)"(?: |$)/)
  }
}

/** Whether it is the database that failed and not the statement: out of resources, shutting down, or broken. */
export function isDatabasesFault (sqlState: string): boolean {
  return /^(53|58|XX|F0)|^57P/.test(sqlState)
}
