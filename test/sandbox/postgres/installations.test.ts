import { existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import { chooseInstallation, preparePackage } from '../../../sandbox/postgres/installations.js'
import { scramVerifier } from '../../../sandbox/postgres/roles.js'
import { configurationOf, isAdjustable } from '../../../sandbox/postgres/settings.js'

t.test('links that the package only lists are made, by two at once and again', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'installation-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const native = join(directory, 'native')
  mkdirSync(join(native, 'lib'), { recursive: true })
  writeFileSync(join(native, 'lib', 'libpq.so.5.17'), 'the library')
  writeFileSync(join(native, 'pg-symlinks.json'), JSON.stringify([{ source: 'native/lib/libpq.so.5.17', target: 'native/lib/libpq.so.5' }]))
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ version: '17.10.0' }))
  const extension = join(native, 'share', 'postgresql', 'extension', 'dblink.control')
  mkdirSync(dirname(extension), { recursive: true })
  writeFileSync(extension, "default_version = '1.2'\n")
  const home = { directory: join(directory, 'home'), sockets: directory, isApart: false, user: undefined }
  t.same(await Promise.all([preparePackage(native, home), preparePackage(native, home)]), [native, native])
  t.equal(await preparePackage(native, home), native)
  t.equal(readlinkSync(join(native, 'lib', 'libpq.so.5')), 'libpq.so.5.17')
  t.equal(readFileSync(extension, 'utf8'), "default_version = '1.2'\ntrusted = true\n")

  const user = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  mkdirSync(home.directory)
  const copy = await preparePackage(native, { ...home, user })
  t.not(dirname(copy), directory, 'another user cannot reach a directory of mkdtemp, and gets a copy')
  t.ok(existsSync(join(copy, 'lib', 'libpq.so.5')))
})

t.test('the major that was asked for is chosen, else the first', t => {
  const installation = (major: number) => ({ major, version: `${major}.1`, bin: '' })
  const installations = [installation(17), installation(16)] as const
  t.equal(chooseInstallation(installations, 16).major, 16)
  t.equal(chooseInstallation(installations, 13).major, 17)
  t.equal(chooseInstallation(installations).major, 17)
  t.end()
})

t.test('a verifier is what PostgreSQL would make of the password', t => {
  t.equal(scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')),
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=')
  t.end()
})

t.test('parameters are quoted, and none reaches out of the server', t => {
  t.match(configurationOf('/sockets', { 'rds.motto': "it's" }), "rds.motto = 'it''s'\n")
  for (const name of ['archive_command', 'restore_command', 'shared_preload_libraries', 'ssl_key_file', 'data_directory', 'listen_addresses', 'log_statement', 'dynamic_library_path']) {
    t.notOk(isAdjustable(name), name)
  }
  for (const name of ['work_mem', 'search_path', 'statement_timeout', 'log_lock_waits', 'rds.force_ssl']) t.ok(isAdjustable(name), name)
  t.end()
})
