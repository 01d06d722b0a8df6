import fc from 'fast-check'
import t from 'tap'
import { numberParameters } from '../../../sandbox/rds-data/named-parameters.js'

t.test('each occurrence of a name gets a number', async t => {
  t.strictSame(numberParameters('select :a, :b from t where x=:a and y in (:c)'), {
    text: 'select $1, $2 from t where x=$3 and y in ($4)', names: ['a', 'b', 'a', 'c']
  })
  t.strictSame(numberParameters('select :id::uuid, :1'), { text: 'select $1::uuid, $2', names: ['id', '1'] })
})

const hiding: Array<[what: string, sql: string]> = [
  ['a string', "select 'it''s :a'"],
  ['a string with a backslash at its end', "select '\\', ':a'"],
  ['a string with escapes', "select E'it\\'s :a', e'\\\\'"],
  ['a quoted name', 'select 1 as ":a""b"'],
  ['a comment to the end of the line', 'select 1 -- :a'],
  ['a comment in a comment', 'select /* :a /* :b */ :c */ 1'],
  ['a comment that never ends', 'select 1 /* :a /* */'],
  ['a cast', "select '1'::int, now()::timestamptz"],
  ['an assignment', 'do $body$ begin a := 1; end $body$'],
  ['a string that never ends', "select ':a"]
]
for (const [what, sql] of hiding) {
  t.test(`${what} is no place for a parameter`, async t => {
    t.strictSame(numberParameters(sql), { text: sql, names: [] })
  })
}

t.test('a dollar quote and a slice hide nothing, as on AWS', async t => {
  t.strictSame(numberParameters('select $$a :b c$$, $x$ $$ :d $x$'), { text: 'select $$a $1 c$$, $x$ $$ $2 $x$', names: ['b', 'd'] })
  t.strictSame(numberParameters('select (array[1,2,3])[1:2]'), { text: 'select (array[1,2,3])[1$1]', names: ['2'] })
})

/** Pieces of SQL with what a parser must see in them: a parameter's name, or nothing. */
const piece = fc.oneof(
  fc.stringMatching(/^[a-z0-9_]{1,8}$/).map(name => ({ sql: `:${name}`, name })),
  fc.constantFrom('select', 'a$b', '1', ',', '::text', '$$', "':a'", "E'\\':a'", '":a"', '/*:a*/', '--:a\n', '$t$', '\n', '(')
    .map(sql => ({ sql, name: undefined }))
)

t.test('it finds the parameters in any mixture', async () => {
  fc.assert(fc.property(fc.array(piece), pieces => {
    const { text, names } = numberParameters(pieces.map(({ sql }) => sql).join(' '))
    let number = 0
    const wanted = pieces.map(({ sql, name }) => name === undefined ? sql : `$${++number}`).join(' ')
    return text === wanted && names.join() === pieces.flatMap(({ name }) => name ?? []).join()
  }))
})

t.test('whatever it is given, it changes nothing but the parameters', async () => {
  const noise = fc.array(fc.constantFrom("'", '"', '$', '$$', '$a$', '/*', '*/', '--', '\n', ':', '::', ':a', 'E', '\\', 'é', '1')).map(parts => parts.join(''))
  fc.assert(fc.property(noise, sql => {
    const { text, names } = numberParameters(sql)
    // The noise has numbered placeholders of its own: they are left as they are.
    let number = 0
    const restored = text.replace(/\$(\d+)/g, (whole, digits) => Number(digits) === number + 1 && number < names.length ? `:${names[number++]}` : whole)
    return restored.length === sql.length && (restored === sql || sql.includes('$1'))
  }))
})

t.test('an endless run of opening marks takes no time to speak of', async t => {
  for (const mark of ['$a$ $b$ ', "'", '/*', "E'\\", '"', ':']) {
    t.ok(numberParameters(mark.repeat(65_536 / mark.length)))
  }
})
