import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A data directory for the sandbox of one test. In a run of all tests it has what a first start takes long to make (a template of
 * PostgreSQL's data, a certificate), which `scripts/check.ts` has made for all of them.
 */
export function makeDataDir (): string {
  const directory = mkdtempSync(join(tmpdir(), 'sandbox-'))
  const prepared = process.env['PREPARED_DATA_DIR']
  if (prepared) execFileSync('cp', ['-a', `${prepared}/.`, directory])
  return directory
}
