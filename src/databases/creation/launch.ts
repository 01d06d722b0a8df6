import type { Launch } from '../../aws/stacks.js'
import { Problem, type Finding } from '../../problems.js'
import { callersParameters, resolveParameters, toTexts, type ParameterValues } from '../../templates/parameters.js'
import type { Catalog } from '../../templates/catalog.js'
import type { Source, Template } from '../../templates/template.js'
import { toTime } from '../expiry.js'
import { hashOf, stackNameOf, type DatabaseKey } from '../naming.js'
import { findBrokenRules } from '../rules.js'
import { TAG_PREFIX, toTags, type OwnTags } from '../tags.js'

/** What a new database starts with: the data of another, as it is or as it was, or that of a snapshot. */
export interface CreateSource { databaseId?: string, at?: string, snapshotId?: string }

/** A request to create a database, as it came in. */
export interface CreateRequest {
  client: string
  region: string
  name?: string
  template?: string
  parameters?: Readonly<Record<string, unknown>>
  source?: CreateSource
  deletionProtection?: boolean
  onFailure?: 'delete' | 'keep'
  tags?: Readonly<Record<string, string>>
  /** RFC 3339. */
  expiresAt?: string
}

/** Where the data of a new database comes from, for the template. A new cluster is made as it says, and never again: it stays. */
export type OriginSources = Pick<Record<Source, string>, 'snapshot' | 'sourceCluster' | 'restoreToTime'>

export const noOrigin: OriginSources = { snapshot: '', sourceCluster: '', restoreToTime: '' }

/** What a new database has of what it starts from. */
export interface Origin {
  /** The template that it must have, as its source was made from it; null when that is not known, or another will do. */
  template: string | null
  /** Parameters that it has unless the request says otherwise. */
  inherited: Readonly<Record<string, unknown>>
  /** Parameters that come with the data and cannot be chosen. */
  fixed: readonly string[]
  sources: OriginSources
  /** The master user comes with the data. */
  masterUsername: string
  /** The engine version of the snapshot; null for a living source, of which a copy has the version that it has. */
  snapshotVersion: string | null
}

/** Everything that follows from a request before AWS is asked anything. With a source, its values are not complete until {@link startFrom}. */
export interface LaunchPlan {
  key: DatabaseKey
  template: Template
  values: ParameterValues
  own: OwnTags
  launch: Omit<Launch, 'token'>
  origin: Origin | null
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
  const findings = [...checkRegion(request.region, options.regions), ...checkTags(request.tags ?? {}), ...checkSource(request.source)]
  if (!template) {
    findings.push({ path: '/template', message: `must be one of ${[...options.catalog.keys()].join(', ')}` })
    throw invalid(findings)
  }
  const { values, findings: wrong } = resolveParameters(template, request.parameters ?? {})
  findings.push(...wrong, ...(wrong.length === 0 && !request.source ? findBrokenRules(template, values) : []))
  if (findings.length > 0) throw invalid(findings)
  return toPlan(request, template, values, idempotencyKey)
}

/**
 * The plan with what the database has of its source: what the request leaves out is as it is there, but for the environment, which
 * is part of the key. Throws a {@link Problem} `invalid-request` when that does not go together.
 */
export function startFrom (plan: LaunchPlan, request: CreateRequest, origin: Origin): LaunchPlan {
  const { template, launch, key } = plan
  const known = callersParameters(template).map(({ name }) => name).filter(name => name !== 'EnvironmentName')
  const inherited = Object.fromEntries(Object.entries(origin.inherited).filter(([name]) => known.includes(name)))
  const { values, findings } = resolveParameters(template, { ...inherited, ...request.parameters })
  if (findings.length === 0) findings.push(...findBrokenRules(template, values))
  if (findings.length > 0) throw invalid(findings)
  const ofService = serviceParameters(template, { ...origin.sources, client: key.client, stackName: launch.stackName })
  const parameters = { ...toTexts(values), ...ofService }
  return { ...plan, values, origin, launch: { ...launch, parameters } }
}

function toPlan (request: CreateRequest, template: Template, values: ParameterValues, idempotencyKey: string | null): LaunchPlan {
  const { client, region, name = 'main', onFailure = 'delete', tags = {} } = request
  const expiresAt = request.expiresAt === undefined ? undefined : toTime(request.expiresAt)
  const environment = String(values.EnvironmentName ?? 'default')
  const key = { client, name, environment, region }
  const terminationProtection = request.deletionProtection ?? environment === 'production'
  // What a source adds may change between a request and its repetition, so only what the request itself says counts then.
  const said = request.source ? request.parameters ?? {} : values
  const own: OwnTags = {
    client,
    name,
    environment,
    template: template.name,
    fingerprint: hashOf({
      key, template: template.name, values: said, onFailure, terminationProtection, tags, source: request.source, expiresAt
    }),
    idempotencyKey: idempotencyKey ?? '',
    onFailure,
    expiresAt: expiresAt ?? ''
  }
  const stackName = stackNameOf(key)
  const parameters = { ...toTexts(values), ...serviceParameters(template, { ...noOrigin, client, stackName }) }
  return {
    key,
    template,
    values,
    own,
    origin: null,
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

/** A source is a database or a snapshot, and only a database has a past. */
function checkSource (source: CreateSource | undefined): Finding[] {
  if (!source) return []
  const { databaseId, snapshotId, at } = source
  if ((databaseId === undefined) === (snapshotId === undefined)) return [{ path: '/source', message: 'must have either databaseId or snapshotId' }]
  return at !== undefined && databaseId === undefined ? [{ path: '/source/at', message: 'goes with databaseId only: a snapshot is of one moment' }] : []
}

const reservedPrefixes = [TAG_PREFIX, 'aws:', 'rds:']

const tagKey = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u

/** AWS's own limits on tags that travel from the stack to the cluster (RDS API, "Tagging Amazon RDS resources"). */
export function checkTags (tags: Readonly<Record<string, unknown>>): Finding[] {
  return Object.keys(tags).flatMap(key => {
    const wrong = reservedPrefixes.some(prefix => key.toLowerCase().startsWith(prefix))
      ? `must not start with ${reservedPrefixes.join(' or ')}`
      : tagKey.test(key) ? null : 'must be called by 1 to 128 letters, digits, spaces and _ . : / = + - @'
    return wrong === null ? [] : [{ path: `/tags/${key}`, message: wrong }]
  })
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
