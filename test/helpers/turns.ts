/** Lets everything that is ready run, until nothing more follows from it. */
export async function turns (count = 5): Promise<void> {
  for (let at = 0; at < count; at++) await new Promise(resolve => { setImmediate(resolve) })
}
