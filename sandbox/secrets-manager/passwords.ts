import type { GetRandomPasswordRequest } from '@aws-sdk/client-secrets-manager'
import { invalidParameter } from './validation.js'

const LOWERCASE = 'abcdefghijklmnopqrstuvwxyz'
const UPPERCASE = LOWERCASE.toUpperCase()
const NUMBERS = '0123456789'
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'

/**
 * A password as GetRandomPassword makes it: 32 characters of every kind unless told otherwise, with at least one of
 * each kind. `randomBelow` answers a whole number from 0 to below its argument, without bias.
 */
export function generatePassword (options: GetRandomPasswordRequest, randomBelow: (limit: number) => number): string {
  const length = options.PasswordLength ?? 32
  if (length < 1 || length > 4096 || !Number.isInteger(length)) {
    throw invalidParameter('The password length must be a whole number from 1 to 4096.')
  }
  const kinds = kindsOf(options)
  if (kinds.every(kind => kind === '')) throw invalidParameter('The exclusions leave no characters for the password.')
  const required = options.RequireEachIncludedType === false ? [] : kinds
  if (required.includes('')) throw invalidParameter('The exclusions leave no character of a type that the password must include.')
  if (length < required.length) throw invalidParameter(`A password of ${length} characters cannot include each of ${required.length} types.`)

  const all = kinds.join('')
  const pick = (characters: string): string => characters.charAt(randomBelow(characters.length))
  const characters = Array.from({ length }, (_, index) => pick(required[index] ?? all))
  return shuffle(characters, randomBelow).join('')
}

function kindsOf (options: GetRandomPasswordRequest): string[] {
  const excluded = new Set(options.ExcludeCharacters ?? '')
  const kinds = [
    options.ExcludeLowercase ? undefined : LOWERCASE,
    options.ExcludeUppercase ? undefined : UPPERCASE,
    options.ExcludeNumbers ? undefined : NUMBERS,
    options.ExcludePunctuation ? undefined : PUNCTUATION,
    options.IncludeSpace ? ' ' : undefined
  ]
  return kinds
    .filter(kind => kind !== undefined)
    .map(kind => [...kind].filter(character => !excluded.has(character)).join(''))
}

/** Fisher and Yates: the characters that had to be there must not always come first. */
function shuffle (characters: readonly string[], randomBelow: (limit: number) => number): string[] {
  const shuffled: string[] = []
  for (const [index, character] of characters.entries()) {
    const place = randomBelow(index + 1)
    shuffled[index] = shuffled[place] ?? character
    shuffled[place] = character
  }
  return shuffled
}
