const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** As long as those that the templates have generated; RDS takes 8 to 41 characters. */
const LENGTH = 32

/**
 * Passwords of letters and digits, which no connection string has to encode. `randomBelow` answers an unpredictable whole number from
 * 0 to below its limit.
 */
export function createNewPassword (randomBelow: (limit: number) => number): () => string {
  return () => Array.from({ length: LENGTH }, () => ALPHABET[randomBelow(ALPHABET.length)]).join('')
}
