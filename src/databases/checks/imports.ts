import type { Account } from '../../aws/account.js'
import type { Clock } from '../../clock.js'
import { createMemo } from '../../memo.js'
import { importsOf } from '../../templates/imports.js'
import type { Check } from '../creation/preflight.js'

/** An export that is imported cannot be removed, so one that was there a moment ago is there. */
const REMEMBERED_MS = 60_000

/** What the template imports from other stacks, such as a network, is exported in the region. */
export function createImportsCheck (account: Pick<Account, 'missingExports'>, clock: Clock): Check {
  const memo = createMemo<string[]>({ clock, forMs: REMEMBERED_MS, keeps: missing => missing.length === 0 })
  return {
    path: '/parameters',
    find: async (_principal, { key: { region }, template, launch }) => {
      const imports = importsOf(template, launch.parameters, { 'AWS::Region': region, 'AWS::StackName': launch.stackName })
      const names = imports.map(({ name }) => name).sort()
      if (names.length === 0) return []
      const missing = await memo([region, ...names].join(' '), async () => await account.missingExports(region, names))
      return imports.filter(({ name }) => missing.includes(name)).map(({ name, parameter }) => ({
        path: parameter === null ? '/template' : `/parameters/${parameter}`,
        message: `No stack in ${region} exports ${name}: launch the one that does first (templates/network.yaml for a network), or name another.`
      }))
    }
  }
}
