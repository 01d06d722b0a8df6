import { Problem, type Finding } from '../../problems.js'
import type { Catalog } from '../../templates/catalog.js'
import { callersParameters, resolveParameters, toTexts, type ParameterValues } from '../../templates/parameters.js'
import type { Template } from '../../templates/template.js'
import { toTime } from '../expiry.js'
import type { Found } from '../find.js'
import { checkTags, invalid } from '../creation/launch.js'
import { findBrokenRules } from '../rules.js'
import { callersTags, EXPIRES_AT_TAG, MOST_TAGS } from '../tags.js'

/** A request to change a database, as it came in. What is left out stays as it is; a tag that is null goes. */
export interface ChangeRequest {
  parameters?: Readonly<Record<string, unknown>>
  tags?: Readonly<Record<string, string | null>>
  deletionProtection?: boolean
  /** RFC 3339; null for never. */
  expiresAt?: string | null
  allowInterruption?: boolean
}

/** What a change amounts to for the stack. */
export interface ResolvedChange {
  /** Those that have another value than before. */
  parameters: Record<string, string>
  /** All of them after the change, as callers give them. */
  values: ParameterValues
  kept: string[]
  /** All tags after the change. */
  tags: Record<string, string>
  isEmpty: boolean
}

/** Holds a change against the template and the database as it is. Throws a {@link Problem} with every finding. */
export function resolveChange (catalog: Catalog, { stack, own, database }: Found, request: ChangeRequest): ResolvedChange {
  const template = catalog.get(own.template)
  if (!template) throw new Problem('change-refused', `${database.id} was made from the template ${own.template}, which is no longer here.`)
  const asked = request.parameters ?? {}
  const { values, findings } = resolveParameters(template, { ...database.parameters, ...asked })
  findings.push(...unchangeable(template, asked, database.parameters), ...checkTags(request.tags ?? {}))
  if (findings.length === 0) findings.push(...findBrokenRules(template, values))
  if (findings.length > 0) throw invalid(findings)

  const texts = toTexts(values)
  const parameters = Object.fromEntries(Object.keys(asked).filter(name => texts[name] !== stack.parameters[name]).map(name => [name, texts[name] ?? '']))
  // A change of tags alone reaches the cluster as an update without interruption: RDS is sent what it has, and then the tags
  // (aws-cloudformation-resource-providers-rds, dbcluster `UpdateHandler`).
  const { expiresAt } = request
  const expiry = expiresAt === undefined ? {} : { [EXPIRES_AT_TAG]: expiresAt && toTime(expiresAt) }
  const tags = withoutNulls({ ...stack.tags, ...request.tags, ...expiry })
  const before = callersTags(stack)
  const count = Object.keys(callersTags({ tags })).length
  if (count > MOST_TAGS && count > Object.keys(before).length) throw invalid([{ path: '/tags', message: `must leave the database at most ${MOST_TAGS} tags, and not ${count}` }])
  const isSameExpiry = tags[EXPIRES_AT_TAG] === stack.tags[EXPIRES_AT_TAG]
  const isSameTags = isSameExpiry && Object.entries(request.tags ?? {}).every(([key, value]) => (before[key] ?? null) === value)
  return {
    parameters,
    values,
    kept: template.parameters.map(({ name }) => name).filter(name => !(name in parameters) && name in stack.parameters),
    tags,
    isEmpty: Object.keys(parameters).length === 0 && isSameTags
  }
}

/** Values of parameters, whatever they are. */
type Given = Readonly<Record<string, unknown>>

/** Null takes a tag away. */
function withoutNulls (tags: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).filter((entry): entry is [string, string] => entry[1] !== null))
}

/** A parameter that cannot be changed may still be sent with the value that it has. */
function unchangeable (template: Template, asked: Given, current: Given): Finding[] {
  return callersParameters(template)
    .filter(({ name, isChangeable }) => name in asked && !isChangeable && asked[name] !== current[name])
    .map(({ name }) => ({ path: `/parameters/${name}`, message: 'cannot be changed on a living database' }))
}
