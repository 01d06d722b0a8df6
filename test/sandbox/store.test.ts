import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { openStore, type Store } from '../../sandbox/store.js'

const KEYS = ['a', 'b', 'c', '\u00e9\n']

function makeDirectory (t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'store-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** What a store holds after a killed process had it: the journal as it is, opened by another. */
function reopened<T> (directory: string, look: (store: Store) => T): T {
  const store = openStore(directory)
  try {
    return look(store)
  } finally {
    store.close()
  }
}

t.test('whatever was put and deleted is there again, however often the journal was written anew', async t => {
  const value = fc.option(fc.string({ maxLength: 60 }), { nil: undefined })
  const changes = fc.array(fc.record({ key: fc.constantFrom(...KEYS), value }), { maxLength: 60 })
  fc.assert(fc.property(changes, fc.nat(500), (list, slackBytes) => {
    const directory = mkdtempSync(join(tmpdir(), 'store-'))
    try {
      const expected = new Map<string, string>()
      const store = openStore(directory, slackBytes)
      const rows = store.collection<string>('rows')
      for (const { key, value } of list) {
        if (value === undefined) rows.delete(key)
        else rows.put(key, value)
        if (value === undefined) expected.delete(key)
        else expected.set(key, value)
      }
      const found = reopened(directory, again => KEYS.map(key => again.collection<string>('rows').get(key)))
      t.strictSame(found, KEYS.map(key => expected.get(key)))
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }), { numRuns: 60 })
})

t.test('a torn last line is dropped, and what was written together with it', async t => {
  const directory = makeDirectory(t)
  const store = openStore(directory)
  store.collection<number>('rows').put('kept', 1)
  store.together(() => {
    store.collection<number>('rows').put('kept', 2)
    store.collection<number>('others').put('half', 2)
  })
  const file = join(directory, 'journal.jsonl')
  truncateSync(file, statSync(file).size - 3)
  reopened(directory, again => {
    t.equal(again.collection<number>('rows').get('kept'), 1)
    t.equal(again.collection<number>('others').size, 0)
    again.collection<number>('rows').put('kept', 3)
  })
  reopened(directory, again => t.equal(again.collection<number>('rows').get('kept'), 3))
})

t.test('what did not go in whole on a full disk is not there, and does no harm to what comes after', async t => {
  const directory = makeDirectory(t)
  let free = Infinity
  const store = openStore(directory, undefined, (handle, bytes, offset, length, position) => {
    if (free === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    const written = writeSync(handle, bytes, offset, Math.min(length, free), position)
    free -= written
    return written
  })
  const rows = store.collection<string>('rows')
  rows.put('before', 'é')
  free = 12
  t.throws(() => { rows.put('refused', 'much too long for what is left') }, { code: 'ENOSPC' })
  t.equal(rows.get('refused'), undefined)
  free = Infinity
  rows.put('after', 'there is space again')
  t.strictSame(reopened(directory, again => [...again.collection<string>('rows').values()]), ['é', 'there is space again'])
})

t.test('a record that is put over and over does not fill the disk', async t => {
  const directory = makeDirectory(t)
  const store = openStore(directory, 1000)
  for (let turn = 0; turn < 1000; turn++) store.collection<string>('rows').put('one', `${turn} of many`)
  t.ok(statSync(join(directory, 'journal.jsonl')).size < 1200)
  store.close()
  reopened(directory, again => t.equal(again.collection<string>('rows').get('one'), '999 of many'))
})

t.test('a journal is read whole across the pieces in which it is read', async t => {
  const directory = makeDirectory(t)
  const texts = Array.from({ length: 50 }, (_, at) => `${at}é`.repeat(30_000))
  writeFileSync(join(directory, 'journal.jsonl'), '')
  for (const [at, text] of texts.entries()) appendFileSync(join(directory, 'journal.jsonl'), `${JSON.stringify(['rows', String(at), text])}\n`)
  reopened(directory, store => t.ok(texts.every((text, at) => store.collection<string>('rows').get(String(at)) === text)))
})

t.test('the directory of a living sandbox is refused, that of a dead one taken', async t => {
  const directory = makeDirectory(t)
  const holder = join(directory, 'sandbox.pid')
  writeFileSync(holder, String(process.ppid))
  t.throws(() => openStore(directory), { message: /in use by another sandbox/ })
  writeFileSync(holder, '4194304999')
  reopened(directory, () => t.match(readFileSync(holder, 'utf8'), new RegExp(`^${process.pid}( \\d+)?$`)))
})

t.test('a process that has been given the number of a dead sandbox is not taken for it', { skip: process.platform !== 'linux' }, async t => {
  const directory = makeDirectory(t)
  writeFileSync(join(directory, 'sandbox.pid'), `${process.ppid} 1`)
  reopened(directory, store => t.ok(store))
})

t.test('a journal that is damaged says where, and is left as it is', async t => {
  const directory = makeDirectory(t)
  const file = join(directory, 'journal.jsonl')
  const damaged = '["rows","a",1]\n["rows","b\n["rows","c",3]\n'
  writeFileSync(file, damaged)
  t.throws(() => openStore(directory), { message: `line 2 of ${file} is damaged; take the line out to start without what it says, or move the file away to start with nothing` })
  t.equal(readFileSync(file, 'utf8'), damaged)
})
