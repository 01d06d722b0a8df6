/** Settings by their PostgreSQL names; a number or a boolean is written as its text. */
export type Settings = Readonly<Record<string, string>>

/**
 * Small servers: about 10 MB each when idle. The port is what `SHOW port` says and a part of the socket's name.
 * Statements stay out of the log, because they may carry passwords. Like the sandbox's journal, data survives the death
 * of every process, but is not forced to the disk: a power failure may cost it.
 */
const OURS: Settings = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  port: '5432',
  max_connections: '200',
  shared_buffers: '8MB',
  max_worker_processes: '2',
  max_parallel_workers_per_gather: '0',
  max_logical_replication_workers: '0',
  max_wal_senders: '0',
  wal_level: 'replica',
  wal_keep_size: '256MB',
  min_wal_size: '2MB',
  max_wal_size: '64MB',
  fsync: 'off',
  full_page_writes: 'off',
  jit: 'off',
  password_encryption: 'scram-sha-256',
  log_min_messages: 'fatal',
  log_min_error_statement: 'panic',
  log_statement: 'none',
  autovacuum_naptime: '5min',
  timezone: 'UTC'
}

/** What no parameter group may change here: what the server is reached by, and what keeps it small or its log clean. */
const RESERVED: ReadonlySet<string> = new Set([
  'listen_addresses', 'port', 'unix_socket_directories', 'unix_socket_permissions', 'unix_socket_group', 'data_directory', 'ssl',
  'shared_buffers', 'max_worker_processes', 'max_wal_senders', 'wal_level', 'min_wal_size', 'max_wal_size',
  'wal_keep_size', 'log_min_messages', 'log_min_error_statement', 'log_statement', 'log_min_duration_statement', 'logging_collector',
  'log_destination', 'password_encryption', 'archive_mode', 'hot_standby', 'fsync', 'full_page_writes', 'jit', 'huge_pages', 'dynamic_library_path', 'extension_control_path', 'event_source'
])

/** Settings that name programs, libraries or files of this machine. */
const REACHING_OUT = /(_command|_library|_libraries|_file|_directory)$|^(recovery|primary|log_file|debug|trace|zero_damaged)_/

/** Whether a cluster parameter of that name is given to the server. */
export function isAdjustable (name: string): boolean {
  return !RESERVED.has(name) && !REACHING_OUT.test(name)
}

/** The text of `postgresql.conf` for a server with its socket in `socketDirectory`. */
export function configurationOf (socketDirectory: string, parameters: Settings): string {
  const settings = { ...OURS, ...parameters, unix_socket_directories: socketDirectory }
  return Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`).join('')
}

/** Every user, database and way in needs a password; there is no way in but the socket. */
export const HOST_BASED_AUTHENTICATION = 'local all all scram-sha-256\n'
