import type { ResourceChange, ResourceChangeDetail } from '@aws-sdk/client-cloudformation'
import { isDeepStrictEqual } from 'node:util'
import type { Plan } from '../engine/plan.js'
import type { Definition } from '../engine/records.js'
import type { PropertyChange } from '../specification/changes.js'
import { isObject, type Json, ownValue } from '../template/json.js'
import { type Reference, referencesIn } from '../template/references.js'

/** What AWS shows in place of a value that is not known before the change is made. */
export const UNKNOWN = '{{changeSet:KNOWN_AFTER_APPLY}}'

export const DIRECT = { Evaluation: 'Static', ChangeSource: 'DirectModification' } as const

/** What else changes, which is what a property may refer to. */
export interface Moved {
  /** Parameters with another value than before. */
  parameters: ReadonlySet<string>
  /** Resources that are new or replaced: nothing about them is known. */
  renewed: ReadonlySet<string>
  /** Resources that are changed in place: their attributes may be others afterwards. */
  changed: ReadonlySet<string>
}

type Source = Pick<ResourceChangeDetail, 'ChangeSource' | 'Evaluation' | 'CausingEntity'>

/**
 * Why a property changes, cause by cause. What a parameter or a resource changes counts twice: for that, and as a change
 * of the template that is only known once it is evaluated (LocalStack's recordings, `test_change_sets`, `test_change_set_*`).
 */
export function sourcesOf (written: Json, moved: Moved, plan: Plan): Source[] {
  const references = namesIn(written, plan)
  const parameters = references.filter(({ name }) => moved.parameters.has(name)).map((reference): Source =>
    ({ ChangeSource: 'ParameterReference', Evaluation: 'Static', CausingEntity: entityOf(reference) }))
  const resources = references.filter(reference => isMoved(reference, moved)).map((reference): Source => ({
    ChangeSource: reference.attribute === undefined ? 'ResourceReference' : 'ResourceAttribute',
    Evaluation: moved.renewed.has(reference.name) ? 'Static' : 'Dynamic',
    CausingEntity: entityOf(reference)
  }))
  const causes = [...parameters, ...resources]
  return [...causes, causes.length > 0 ? { ...DIRECT, Evaluation: 'Dynamic' } : DIRECT]
}

/** The names that a value mentions, each once. */
function namesIn (written: Json, { isTrue }: Plan): Reference[] {
  const names = [...referencesIn(written, isTrue)].filter(({ kind }) => kind === 'name')
  return [...new Map(names.map(reference => [entityOf(reference), reference])).values()]
}

function isMoved ({ name, attribute }: Reference, { renewed, changed }: Moved): boolean {
  return renewed.has(name) || (attribute !== undefined && changed.has(name))
}

function entityOf ({ name, attribute }: Reference): string {
  return attribute === undefined ? name : `${name}.${attribute}`
}

/** Whether a property that looks the same may still change, with an attribute that it refers to. */
export function mayChange (written: Json, moved: Moved, plan: Plan): boolean {
  return namesIn(written, plan).some(reference => isMoved(reference, moved))
}

/**
 * A property's change as AWS lists it, once for each of its causes and each value in it that is another; without values
 * where it looks the same before and after. A list of tags is no property to AWS ("Example change sets", CloudFormation
 * User Guide), a map of them is (LocalStack's recordings of `AWS::SSM::Parameter`).
 */
export function detailsOf (change: PropertyChange, written: Json, moved: Moved, plan: Plan): ResourceChangeDetail[] {
  const { name, recreation, before, after } = change
  const isUnknown = after !== undefined && !textOf(after).includes(UNKNOWN) && mayChange(written, { ...moved, changed: new Set() }, plan)
  const isTags = name === 'Tags' && Array.isArray(after ?? before)
  const attribute = isTags ? { Attribute: 'Tags' } as const : { Attribute: 'Properties', Name: name } as const
  const values = isDeepStrictEqual(before, after)
    ? [{}]
    : differences(before, after, `/Properties/${name}`).map(({ path, old, next }) => ({
      Path: path,
      BeforeValue: old === undefined ? undefined : textOf(old),
      AfterValue: next === undefined ? undefined : isUnknown ? UNKNOWN : textOf(next),
      AttributeChangeType: old === undefined ? 'Add' as const : next === undefined ? 'Remove' as const : 'Modify' as const
    }))
  return values.flatMap(value => sourcesOf(written, moved, plan).map(source =>
    ({ Target: { ...attribute, RequiresRecreation: recreation, ...value }, ...source })))
}

interface Difference {
  path: string
  old: Json | undefined
  next: Json | undefined
}

/** What differs between two values, as far down as both are lists or both objects. */
function differences (old: Json | undefined, next: Json | undefined, path: string): Difference[] {
  if (isDeepStrictEqual(old, next)) return []
  if (Array.isArray(old) && Array.isArray(next)) return differences({ ...old } as unknown as Json, { ...next } as unknown as Json, path)
  if (!isObject(old) || !isObject(next)) return [{ path, old, next }]
  return [...new Set([...Object.keys(old), ...Object.keys(next)])].flatMap(key =>
    differences(ownValue(old, key), ownValue(next, key), `${path}/${key}`))
}

function textOf (value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The changes without the values of NoEcho parameters, before and after. */
export function masked (changes: ResourceChange[], definitions: readonly Definition[]): ResourceChange[] {
  const secrets = definitions.flatMap(({ parameters }) => parameters)
    .flatMap(({ noEcho, value }) => noEcho && value !== '' ? [value, JSON.stringify(value).slice(1, -1)] : [])
  const mask = (value: Json): Json => {
    if (typeof value === 'string') return secrets.reduce((shown, secret) => shown.replaceAll(secret, '****'), value)
    if (Array.isArray(value)) return value.map(mask)
    return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mask(item)])) : value
  }
  return secrets.length === 0 ? changes : mask(changes as unknown as Json) as unknown as ResourceChange[]
}

/** The changes for a caller who asks for the values of properties: nothing of those that look the same before and after. */
export function withValues (changes: readonly ResourceChange[]): ResourceChange[] {
  const looksSame = ({ Target, Evaluation }: ResourceChangeDetail): boolean => Target?.AttributeChangeType === undefined &&
    (Target?.Attribute === 'Properties' || (Target?.Attribute === 'Tags' && Evaluation === 'Dynamic'))
  return changes.flatMap(change => {
    const { Details: details = [] } = change
    const shown = details.filter(detail => !looksSame(detail))
    return details.length > 0 && shown.length === 0 ? [] : [{ ...change, Details: shown }]
  })
}

/** A change for a caller who did not: once for each property and cause, and what other resources change for those alone. */
export function withoutValues (full: ResourceChange): ResourceChange {
  const { BeforeContext: _before, AfterContext: _after, Details: details = [], ...change } = full
  const targetOf = ({ Target }: ResourceChangeDetail): string => `${Target?.Attribute ?? ''}/${Target?.Name ?? ''}`
  const byParameter = new Set(details.filter(({ ChangeSource }) => ChangeSource === 'ParameterReference').map(targetOf))
  const shown = details.filter(detail =>
    detail.ChangeSource !== 'DirectModification' || detail.Evaluation === 'Static' || byParameter.has(targetOf(detail)))
  const bare = shown.map(({ Target: target = {}, ...detail }) => {
    const { Path: _path, BeforeValue: _old, AfterValue: _new, AttributeChangeType: _type, ...Target } = target
    return { ...detail, Target }
  })
  return { ...change, Details: [...new Map(bare.map(detail => [JSON.stringify(detail), detail])).values()] }
}
