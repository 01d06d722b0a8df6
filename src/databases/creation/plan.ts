import type { Principal } from '../../access/keys.js'
import { assertMayCreate } from '../../access/tenancy.js'
import type { Stacks } from '../../aws/stacks.js'
import type { Clock } from '../../clock.js'
import type { Finding } from '../../problems.js'
import { resourcesOf } from '../../templates/conditions.js'
import type { ParameterValues } from '../../templates/parameters.js'
import type { EventLog } from '../../watching/event-log.js'
import { assertToCome } from '../expiry.js'
import { planLaunch, type CreateRequest, type LaunchOptions } from './launch.js'
import { idOf } from '../naming.js'
import type { Preflight } from './preflight.js'
import { findRemainder } from './remainder.js'
import type { Prepare } from './source.js'

/** What a create would do. */
export interface Plan {
  id: string
  region: string
  stackName: string
  template: string
  /** As they would be, defaults filled in. */
  parameters: ParameterValues
  resources: Array<{ logicalId: string, type: string }>
  /** The CloudFormation status of the stack that has the name already; null when there is none. */
  existingStackStatus: string | null
  /** What stands in the way; nothing does when it is empty. */
  findings: Finding[]
  /** What could not be looked at, because AWS did not answer. A create would go on all the same. */
  warnings: Finding[]
}

export interface PlanOptions extends LaunchOptions {
  clock: Pick<Clock, 'now'>
  stacks: Pick<Stacks, 'describe'>
  events: Pick<EventLog, 'of'>
  prepare: Prepare
  preflight: Pick<Preflight, 'look'>
}

/** Works out and checks a create, and launches nothing. Throws the same refusals of the request itself as a create. */
export function createPlan (options: PlanOptions) {
  return async (principal: Principal, request: CreateRequest): Promise<Plan> => {
    assertMayCreate(principal, request)
    assertToCome(request.expiresAt, options.clock.now())
    const plan = planLaunch(request, null, options)
    const { key: { region } } = plan
    const existing = await options.stacks.describe(region, plan.launch.stackName)
    const replacesRemainder = existing !== null && await findRemainder(options.events, existing)
    const prepared = await options.prepare(principal, request, plan)
    const { template, values, launch } = prepared.plan
    const { findings, warnings } = await options.preflight.look(principal, { ...prepared.plan, found: prepared.found, replacesRemainder })
    return {
      id: idOf(region, launch.stackName),
      region,
      stackName: launch.stackName,
      template: template.name,
      parameters: values,
      resources: resourcesOf(template, launch.parameters).map(({ logicalId, type }) => ({ logicalId, type })),
      existingStackStatus: existing?.status ?? null,
      findings,
      warnings
    }
  }
}
