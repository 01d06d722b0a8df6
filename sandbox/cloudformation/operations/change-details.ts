import { isDeepStrictEqual } from 'node:util'
import type { ResourceChangeDetail, ResourceChange } from '@aws-sdk/client-cloudformation'
import type { Definition } from '../engine/records.js'
import type { PropertyChange } from '../specification/changes.js'
import { type Json, isObject } from '../template/json.js'
import { type Reference, referencesIn } from '../template/references.js'

/** What AWS shows in place of a value that is not known before the change is made. */
export const UNKNOWN = '{{changeSet:KNOWN_AFTER_APPLY}}'

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
export function sourcesOf (written: Json, moved: Moved, isTrue: (condition: string) => boolean): Source[] {
  const references = new Map([...referencesIn(written, isTrue)].map(reference => [entityOf(reference), reference]))
  const named = [...references].filter(([, { kind }]) => kind === 'name')
  const parameters = named.filter(([, { name }]) => moved.parameters.has(name)).map(([entity]): Source =>
    ({ ChangeSource: 'ParameterReference', Evaluation: 'Static', CausingEntity: entity }))
  const resources = named.filter(([, reference]) => isMoved(reference, moved)).map(([entity, { name, attribute }]): Source => ({
    ChangeSource: attribute === undefined ? 'ResourceReference' : 'ResourceAttribute',
    Evaluation: moved.renewed.has(name) ? 'Static' : 'Dynamic',
    CausingEntity: entity
  }))
  const causes = [...parameters, ...resources]
  return [...causes, { ChangeSource: 'DirectModification', Evaluation: causes.length > 0 ? 'Dynamic' : 'Static' }]
}

function isMoved ({ name, attribute }: Reference, { renewed, changed }: Moved): boolean {
  return renewed.has(name) || (attribute !== undefined && changed.has(name))
}

function entityOf ({ name, attribute }: Reference): string {
  return attribute === undefined ? name : `${name}.${attribute}`
}

/** Whether a property that looks the same may still change, with an attribute that it refers to. */
export function mayChange (written: Json, moved: Moved, isTrue: (condition: string) => boolean): boolean {
  return [...referencesIn(written, isTrue)].some(reference => reference.kind === 'name' && isMoved(reference, moved))
}

/** A property's change as AWS lists it, once for each of its causes; without values where it looks the same before and after. */
export function detailsOf (
  { name, path, recreation, before, after }: PropertyChange,
  written: Json,
  moved: Moved,
  isTrue: (condition: string) => boolean
): ResourceChangeDetail[] {
  const isSame = isDeepStrictEqual(before, after)
  const isUnknown = after !== undefined && mayChange(written, { ...moved, changed: new Set() }, isTrue)
  return sourcesOf(written, moved, isTrue).map(source => ({
    Target: {
      Attribute: 'Properties' as const,
      Name: name,
      RequiresRecreation: recreation,
      ...(isSame
        ? {}
        : {
            Path: path,
            BeforeValue: before === undefined ? undefined : textOf(before),
            AfterValue: after === undefined ? undefined : isUnknown && !textOf(after).includes(UNKNOWN) ? UNKNOWN : textOf(after),
            AttributeChangeType: before === undefined ? 'Add' : after === undefined ? 'Remove' : 'Modify'
          })
    },
    ...source
  }))
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
  return changes.flatMap(change => {
    const { Details: details = [] } = change
    const shown = details.filter(({ Target }) => Target?.Attribute !== 'Properties' || Target.AttributeChangeType !== undefined)
    return details.length > 0 && shown.length === 0 ? [] : [{ ...change, Details: shown }]
  })
}

/** A change for a caller who did not: what other resources change is listed for those alone. */
export function withoutValues (full: ResourceChange): ResourceChange {
  const { BeforeContext: _before, AfterContext: _after, Details: details = [], ...change } = full
  const targetOf = ({ Target }: ResourceChangeDetail): string => `${Target?.Attribute ?? ''}/${Target?.Name ?? ''}`
  const byParameter = new Set(details.filter(({ ChangeSource }) => ChangeSource === 'ParameterReference').map(targetOf))
  const shown = details.filter(detail =>
    detail.ChangeSource !== 'DirectModification' || detail.Evaluation === 'Static' || byParameter.has(targetOf(detail)))
  return {
    ...change,
    Details: shown.map(({ Target: target = {}, ...detail }) => {
      const { Path: _path, BeforeValue: _old, AfterValue: _new, AttributeChangeType: _type, ...Target } = target
      return { ...detail, Target }
    })
  }
}
