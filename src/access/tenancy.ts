import { Problem } from '../problems.js'
import type { Principal } from './keys.js'

/** Whether a key sees a client's databases. What it does not see does not exist for it. */
export function sees (principal: Principal, database: { client: string, region: string }): boolean {
  return (principal.client === null || principal.client === database.client) && principal.mayEnter(database.region)
}

/** Refuses what a key may not create: another client's database, or one in a region that it is not for. */
export function assertMayCreate (principal: Principal, request: { client: string, region: string }): void {
  if (principal.client !== null && principal.client !== request.client) {
    throw new Problem('forbidden', `This key is for the databases of ${principal.client} only.`)
  }
  if (!principal.mayEnter(request.region)) {
    throw new Problem('forbidden', `This key is not for the region ${request.region}.`)
  }
}
