/**
 * The least minor version per major from which Aurora PostgreSQL can do something on Serverless v2 ("Aurora Serverless v2
 * capacity", "Scaling to Zero ACUs", "Data API: Region and version availability", Amazon Aurora User Guide).
 * A major that is not listed cannot at all.
 */
const since = {
  serverlessV2: { 13: 6, 14: 3, 15: 2, 16: 1, 17: 4, 18: 3 },
  over128Acu: { 13: 13, 14: 10, 15: 5, 16: 1, 17: 4, 18: 3 },
  autoPause: { 13: 15, 14: 12, 15: 7, 16: 3, 17: 4, 18: 3 },
  dataApi: { 13: 11, 14: 8, 15: 3, 16: 1, 17: 4, 18: 3 }
} as const satisfies Record<string, Readonly<Record<number, number>>>

export type Ability = keyof typeof since

/** Whether an engine version can do something. A major alone (`17`) stands for its newest minor. */
export function isAble (engineVersion: string, ability: Ability): boolean {
  const [major = NaN, minor = Infinity] = engineVersion.split('.').map(Number)
  const least = (since[ability] as Readonly<Record<number, number>>)[major]
  return least !== undefined && minor >= least
}

/** `13.11, 14.8, …`: the versions from which something is possible, for an error text. */
export function versionsAbleTo (ability: Ability): string {
  return Object.entries(since[ability]).map(([major, minor]) => `${major}.${minor}`).join(', ')
}
