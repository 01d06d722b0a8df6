import type { Launch } from '../aws/stacks.js'
import { Problem, type Finding } from '../problems.js'
import { resolveParameters, toTexts, type ParameterValues } from '../templates/parameters.js'
import type { Catalog } from '../templates/catalog.js'
import type { Source, Template } from '../templates/template.js'
import { hashOf, stackNameOf, type DatabaseKey } from './naming.js'
import { findBrokenRules } from './rules.js'
import { TAG_PREFIX, toTags, type OwnTags } from './tags.js'

/** A request to create a database, as it came in. */
export interface CreateRequest {
  client: string
  region: string
  name?: string
  template?: string
  parameters?: Readonly<Record<string, unknown>>
  deletionProtection?: boolean
  onFailure?: 'delete' | 'keep'
  tags?: Readonly<Record<string, string>>
}

/** Everything that follows from a request before AWS is asked anything. */
export interface LaunchPlan {
  key: DatabaseKey
  template: Template
  values: ParameterValues
  own: OwnTags
  launch: Omit<Launch, 'token'>
}

export interface LaunchOptions {
  catalog: Catalog
  defaultTemplate: string
  /** The enabled regions. */
  regions: readonly string[]
}

/**
 * Works out what a request means. Throws a {@link Problem} `invalid-request` with every finding: regions, templates and
 * parameters that there are not, values outside their limits, tags that AWS or this service would refuse. `idempotencyKey` is hashed.
 */
export function planLaunch (request: CreateRequest, idempotencyKey: string | null, options: LaunchOptions): LaunchPlan {
  const template = options.catalog.get(request.template ?? options.defaultTemplate)
  const findings = [...checkRegion(request.region, options.regions), ...checkTags(request.tags ?? {})]
  if (!template) {
    findings.push({ path: '/template', message: `must be one of ${[...options.catalog.keys()].join(', ')}` })
    throw invalid(findings)
  }
  const { values, findings: wrong } = resolveParameters(template, request.parameters ?? {})
  findings.push(...wrong, ...(wrong.length === 0 ? findBrokenRules(template, values) : []))
  if (findings.length > 0) throw invalid(findings)
  return toPlan(request, template, values, idempotencyKey)
}

function toPlan (request: CreateRequest, template: Template, values: ParameterValues, idempotencyKey: string | null): LaunchPlan {
  const { client, region, name = 'main', onFailure = 'delete', tags = {} } = request
  const environment = String(values.EnvironmentName ?? 'default')
  const key = { client, name, environment, region }
  const terminationProtection = request.deletionProtection ?? environment === 'production'
  const own: OwnTags = {
    client,
    name,
    environment,
    template: template.name,
    fingerprint: hashOf({ key, template: template.name, values, onFailure, terminationProtection, tags }),
    idempotencyKey: idempotencyKey ?? '',
    onFailure
  }
  const stackName = stackNameOf(key)
  const parameters = { ...toTexts(values), ...serviceParameters(template, { client, stackName, snapshot: '' }) }
  return {
    key,
    template,
    values,
    own,
    launch: { stackName, templateBody: template.body, parameters, tags: toTags(own, tags), onFailure, terminationProtection }
  }
}

/** The parameters that callers may not set, from what the service knows. */
export function serviceParameters (template: Template, sources: Readonly<Record<Source, string>>): Record<string, string> {
  return Object.fromEntries(template.parameters.flatMap(({ name, setBy }) => setBy ? [[name, sources[setBy]]] : []))
}

function checkRegion (region: string, regions: readonly string[]): Finding[] {
  return regions.includes(region) ? [] : [{ path: '/region', message: `must be one of ${regions.join(', ')}` }]
}

const reservedPrefixes = [TAG_PREFIX, 'aws:', 'rds:']

/** AWS's own limits on tags that travel from the stack to the cluster (RDS API, "Tagging Amazon RDS resources"). */
export function checkTags (tags: Readonly<Record<string, unknown>>): Finding[] {
  return Object.keys(tags)
    .filter(key => reservedPrefixes.some(prefix => key.toLowerCase().startsWith(prefix)))
    .map(key => ({ path: `/tags/${key}`, message: `must not start with ${reservedPrefixes.join(' or ')}` }))
}

/** The refusal of a request with these findings. */
export function invalid (errors: Finding[]): Problem {
  return new Problem('invalid-request', summarise(errors), { errors })
}

/** The findings in one sentence, for people who read no further than `detail`. */
function summarise (errors: readonly Finding[]): string {
  const [first] = errors
  if (!first) return 'The request is not valid.'
  const more = errors.length > 1 ? `, and ${errors.length - 1} more` : ''
  return `${first.path.replace('/', '').replaceAll('/', '.')} ${first.message}${more}.`
}
