import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { generatePassword } from '../../../sandbox/secrets-manager/passwords.js'

const kinds = { ExcludeLowercase: /[a-z]/, ExcludeUppercase: /[A-Z]/, ExcludeNumbers: /[0-9]/, ExcludePunctuation: /[^A-Za-z0-9 ]/ } as const

t.test('a password has its length, every kind that is not excluded, and nothing that is', async t => {
  const options = fc.record({
    PasswordLength: fc.integer({ min: 5, max: 64 }),
    ExcludeCharacters: fc.string({ maxLength: 5 }),
    ExcludeLowercase: fc.boolean(),
    ExcludeUppercase: fc.boolean(),
    ExcludeNumbers: fc.boolean(),
    ExcludePunctuation: fc.boolean(),
    IncludeSpace: fc.boolean()
  }, { requiredKeys: ['PasswordLength'] })
  fc.assert(fc.property(options, wanted => {
    const excludesAll = Object.keys(kinds).every(name => wanted[name as keyof typeof kinds]) && !wanted.IncludeSpace
    fc.pre(!excludesAll && !(wanted.IncludeSpace && wanted.ExcludeCharacters?.includes(' ')))
    const password = generatePassword(wanted, randomInt)
    const holds = Object.entries(kinds).every(([name, kind]) => kind.test(password) === !wanted[name as keyof typeof kinds])
    return holds &&
      password.length === wanted.PasswordLength &&
      (wanted.IncludeSpace === true || !password.includes(' ')) &&
      ![...wanted.ExcludeCharacters ?? ''].some(character => password.includes(character))
  }))
  t.equal(generatePassword({}, randomInt).length, 32)
})

t.test('a space may come and need not', async t => {
  const nothing = { ExcludeLowercase: true, ExcludeUppercase: true, ExcludeNumbers: true, ExcludePunctuation: true }
  const only = { ...nothing, IncludeSpace: true, PasswordLength: 3 }
  t.equal(generatePassword(only, randomInt), '   ')
  t.equal(generatePassword({ PasswordLength: 4, IncludeSpace: true }, randomInt).length, 4)
})

for (const [wanted, code, message] of [
  [{ PasswordLength: 3 }, 'InvalidParameterException', /^Password length is too short based on the required types\.$/],
  [{ ExcludeLowercase: true, ExcludeUppercase: true, ExcludeNumbers: true, ExcludePunctuation: true }, 'InvalidParameterException', /^All characters have been excluded/],
  [{ ExcludeCharacters: '0123456789' }, 'InvalidParameterException', /^All characters of the desired type/]
] as const) {
  t.test(`refuses ${JSON.stringify(wanted)}`, async t => {
    t.throws(() => generatePassword(wanted, randomInt), { code, message })
  })
}
