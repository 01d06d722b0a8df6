import type { GetRandomPasswordRequest } from '@aws-sdk/client-secrets-manager'
import { invalidParameter } from './validation.js'

/** The kinds of characters, and what leaves each of them out. */
const KINDS = {
  ExcludeLowercase: 'abcdefghijklmnopqrstuvwxyz',
  ExcludeUppercase: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  ExcludeNumbers: '0123456789',
  ExcludePunctuation: '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'
} as const

/**
 * A password as GetRandomPassword makes it: 32 characters of every kind unless told otherwise, with at least one of
 * each kind; a space may come, but need not. `randomBelow` answers a whole number from 0 to below its argument, without bias.
 */
export function generatePassword (options: GetRandomPasswordRequest, randomBelow: (limit: number) => number): string {
  const { PasswordLength: length = 32, ExcludeCharacters: excluded = '' } = options
  const without = (characters: string): string => [...characters].filter(character => !excluded.includes(character)).join('')
  const included = (Object.keys(KINDS) as Array<keyof typeof KINDS>).filter(exclude => !options[exclude])
  const kinds = included.map(exclude => without(KINDS[exclude]))
  const all = kinds.join('') + (options.IncludeSpace ? without(' ') : '')
  if (all === '') throw invalidParameter('All characters have been excluded from selection.')
  const required = options.RequireEachIncludedType === false ? [] : kinds
  if (required.includes('')) throw invalidParameter('All characters of the desired type have been excluded.')
  if (length < required.length) throw invalidParameter('Password length is too short based on the required types.')

  const pick = (characters: string): string => characters.charAt(randomBelow(characters.length))
  const picked = Array.from({ length }, (_, index) => ({ character: pick(required[index] ?? all), rank: randomBelow(2 ** 32) }))
  // Shuffled: the characters that had to be there must not always come first.
  return picked.sort((a, b) => a.rank - b.rank).map(({ character }) => character).join('')
}
