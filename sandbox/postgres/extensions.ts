import { randomUUID } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ifThere } from './files.js'
import type { Settings } from './settings.js'

/**
 * What comes with PostgreSQL, is for superusers there, and can be had by the master user on Aurora (Aurora PostgreSQL
 * release notes, "Extension versions for Aurora PostgreSQL").
 */
const FOR_MASTER_USERS = [
  'autoinc', 'bloom', 'dblink', 'dict_xsyn', 'earthdistance', 'insert_username', 'intagg', 'moddatetime',
  'pg_buffercache', 'pg_freespacemap', 'pg_prewarm', 'pg_stat_statements', 'pg_visibility', 'pgrowlocks', 'pgstattuple',
  'postgres_fdw', 'refint', 'sslinfo', 'xml2'
]

/** What Aurora grants beyond what an extension's own script does, by the script. */
const GRANTS: Readonly<Record<string, string>> = {
  'postgres_fdw--1.0.sql': 'GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO rds_superuser;'
}

/** On Aurora, statistics of statements are kept from the start. Few of them: every server is to stay small. */
export const PRELOADED: Settings = { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.max': '1000' }

/** Lets those who may make objects in a database make Aurora's extensions in it, in a PostgreSQL of ours. Repeating it changes nothing. */
export async function openExtensions (native: string): Promise<void> {
  const directory = join(native, 'share', 'postgresql', 'extension')
  const lines = [...FOR_MASTER_USERS.map(name => [`${name}.control`, 'trusted = true'] as const), ...Object.entries(GRANTS)]
  await Promise.all(lines.map(async ([file, line]) => { await addLine(join(directory, file), line) }))
}

/** The file is replaced whole: servers that run may be reading it, and others may be doing the same. */
async function addLine (file: string, line: string): Promise<void> {
  const text = await ifThere(readFile(file, 'utf8'))
  if (text === undefined || text.includes(line)) return
  const draft = `${file}.${randomUUID()}`
  await writeFile(draft, `${text.trimEnd()}\n${line}\n`)
  await rename(draft, file)
}
