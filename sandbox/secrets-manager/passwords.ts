import type { GetRandomPasswordRequest } from '@aws-sdk/client-secrets-manager'
import { invalidParameter } from './validation.js'

const LOWERCASE = 'abcdefghijklmnopqrstuvwxyz'
const UPPERCASE = LOWERCASE.toUpperCase()
const NUMBERS = '0123456789'
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'

/**
 * A password as GetRandomPassword makes it: 32 characters of every kind unless told otherwise, with at least one of
 * each kind; a space may come, but need not. `randomBelow` answers a whole number from 0 to below its argument, without bias.
 */
export function generatePassword (options: GetRandomPasswordRequest, randomBelow: (limit: number) => number): string {
  const length = options.PasswordLength ?? 32
  const kinds = kindsOf(options)
  const all = kinds.join('') + (options.IncludeSpace && !options.ExcludeCharacters?.includes(' ') ? ' ' : '')
  if (all === '') throw invalidParameter('All characters have been excluded from selection.')
  const required = options.RequireEachIncludedType === false ? [] : kinds
  if (required.includes('')) throw invalidParameter('All characters of the desired type have been excluded.')
  if (length < required.length) throw invalidParameter('Password length is too short based on the required types.')

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
    options.ExcludePunctuation ? undefined : PUNCTUATION
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
