import type { Clock } from './clock.js'

/** Answers of slow questions, by a key: questions at the same time share one answer. */
export type Memo<Value> = (key: string, ask: () => Promise<Value>) => Promise<Value>

export interface MemoOptions<Value> {
  clock: Pick<Clock, 'now'>
  forMs: number
  /** Which answers are remembered; a failure never is. */
  keeps: (value: Value) => boolean
}

/** Remembers answers for a while, in this process only. */
export function createMemo<Value> ({ clock, forMs, keeps }: MemoOptions<Value>): Memo<Value> {
  const known = new Map<string, { answer: Promise<Value>, until: number }>()

  return async (key, ask) => {
    const before = known.get(key)
    if (before && before.until > clock.now()) return await before.answer
    const entry = { answer: ask(), until: clock.now() + forMs }
    known.set(key, entry)
    const forget = (): void => { if (known.get(key) === entry) known.delete(key) }
    try {
      const value = await entry.answer
      if (!keeps(value)) forget()
      return value
    } catch (error) {
      forget()
      throw error
    }
  }
}
