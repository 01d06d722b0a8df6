/** Maps with at most `limit` calls at a time, keeping the order. The first failure is thrown. */
export async function mapLimited<Item, Result> (
  items: readonly Item[],
  limit: number,
  map: (item: Item) => Promise<Result>
): Promise<Result[]> {
  const results = new Array<Result>(items.length)
  const queue = items.entries()
  const work = async (): Promise<void> => {
    for (const [at, item] of queue) results[at] = await map(item)
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work))
  return results
}

/**
 * Has everybody who asks about the same thing share an answer that was begun after they asked: one is under way, and at most one
 * follows it, however many ask.
 */
export function shareNext<Value> (ask: (key: string) => Promise<Value>): (key: string) => Promise<Value> {
  interface Turn { current: Promise<Value>, next: Promise<Value> | null }
  const turns = new Map<string, Turn>()

  const start = (key: string): Promise<Value> => {
    const turn: Turn = { current: ask(key), next: null }
    turns.set(key, turn)
    const end = (): void => { if (!turn.next) turns.delete(key) }
    turn.current.then(end, end)
    return turn.current
  }

  return async key => {
    const turn = turns.get(key)
    if (!turn) return await start(key)
    turn.next ??= turn.current.then(() => start(key), () => start(key))
    return await turn.next
  }
}
