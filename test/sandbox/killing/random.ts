/** Chances that come out the same for the same seed. */
export interface Random {
  /** A whole number from `least` to `most`. */
  integer: (least: number, most: number) => number
  chance: (share: number) => boolean
  /** One of them; undefined of none. */
  pick: <T>(items: readonly T[]) => T | undefined
}

/** Numbers from a seed, by Marsaglia's 32-bit xorshift. */
export function createRandom (seed: number): Random {
  let state = (seed ^ 0x9e3779b9) | 1
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
  const integer = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1))
  return { integer, chance: share => next() < share, pick: items => items[integer(0, items.length - 1)] }
}
