/** Does `work` when all that was given before under the same name has ended, however. Answers and throws what `work` does. */
export type InTurn = <T>(name: string, work: () => Promise<T>) => Promise<T>

export function createTurns (): InTurn {
  const latest = new Map<string, Promise<unknown>>()
  return async (name, work) => {
    const turn = Promise.resolve(latest.get(name)).catch(() => {}).then(work)
    latest.set(name, turn)
    try {
      return await turn
    } finally {
      if (latest.get(name) === turn) latest.delete(name)
    }
  }
}
