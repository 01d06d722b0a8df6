import type { Principal } from '../../access/keys.js'
import type { Catalog } from '../../templates/catalog.js'
import type { Found } from '../find.js'
import type { Preflight } from '../creation/preflight.js'
import type { ResolvedChange } from './resolve-change.js'

export type ChangePreflight = (principal: Principal, found: Found, change: ResolvedChange) => Promise<void>

/** Parameters that not every engine version and every region allows every value of. */
const dependent: readonly string[] = ['AutoPause', 'EnableDataApi', 'MaxCapacity', 'MinCapacity']

/**
 * Looks at whether the region lets the database do what a change asks of it. That its engine version is no longer offered there to new
 * databases is nothing to a living one. Throws a `Problem` `preflight-failed` with all findings.
 */
export function createChangePreflight (preflight: Pick<Preflight, 'pass'>, catalog: Catalog): ChangePreflight {
  return async (principal, { stack, own, database }, { parameters, values }) => {
    const template = catalog.get(own.template)
    if (!template || !dependent.some(name => name in parameters)) return
    const launch = {
      stackName: stack.name,
      templateBody: template.body,
      parameters: { ...stack.parameters, ...parameters },
      tags: stack.tags,
      onFailure: own.onFailure,
      terminationProtection: stack.terminationProtection
    }
    await preflight.pass(principal, { key: { ...own, region: database.region }, template, values, launch, isLiving: true })
  }
}
