import type { Account } from '../../aws/account.js'
import type { Clock } from '../../clock.js'
import { createMemo } from '../../memo.js'
import type { Check } from '../creation/preflight.js'

/** What CloudFormation takes today it takes tomorrow; a template changes only with a new start of the service. */
const REMEMBERED_MS = 60 * 60_000

/** CloudFormation takes the template in the region: not every region has every type of resource. */
export function createTemplateCheck (account: Pick<Account, 'refusalOf'>, clock: Clock): Check {
  const memo = createMemo<string | null>({ clock, forMs: REMEMBERED_MS, keeps: refusal => refusal === null })
  return {
    path: '/template',
    find: async (_principal, { key: { region }, template }) => {
      const refusal = await memo(`${region} ${template.name}`, async () => await account.refusalOf(region, template.body))
      return refusal === null ? [] : [{ path: '/template', message: `CloudFormation does not take the template ${template.name} in ${region}: ${refusal}` }]
    }
  }
}
