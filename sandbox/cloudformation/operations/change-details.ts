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
 * Why a property changes, cause by cause. A parameter counts twice: for itself, and as a change of the template that
 * is only known once it is evaluated (LocalStack's recordings, `TestChangeSetDiff::test_dynamic_change`).
 */
function sourcesOf (written: Json, moved: Moved, isTrue: (condition: string) => boolean): Source[] {
  const references = new Map([...referencesIn(written, isTrue)].map(reference => [entityOf(reference), reference]))
  const named = [...references].filter(([, { kind }]) => kind === 'name')
  const parameters = named.filter(([, { name }]) => moved.parameters.has(name)).map(([entity]): Source =>
    ({ ChangeSource: 'ParameterReference', Evaluation: 'Static', CausingEntity: entity }))
  const resources = named.filter(([, reference]) => isMoved(reference, moved)).map(([entity, { attribute }]): Source =>
    ({ ChangeSource: attribute === undefined ? 'ResourceReference' : 'ResourceAttribute', Evaluation: 'Dynamic', CausingEntity: entity }))
  const own: Source[] = parameters.length === 0 && resources.length > 0 ? [] : [{ ChangeSource: 'DirectModification', Evaluation: parameters.length > 0 ? 'Dynamic' : 'Static' }]
  return [...parameters, ...resources, ...own]
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

/** A property's change as AWS lists it, once for each of its causes. */
export function detailsOf ({ name, path, recreation, before, after }: PropertyChange, written: Json, moved: Moved, isTrue: (condition: string) => boolean): ResourceChangeDetail[] {
  const isUnknown = after !== undefined && mayChange(written, { ...moved, changed: new Set() }, isTrue)
  return sourcesOf(written, moved, isTrue).map(source => ({
    Target: {
      Attribute: name === 'Tags' ? 'Tags' : 'Properties',
      Name: name,
      RequiresRecreation: recreation,
      Path: path,
      BeforeValue: before === undefined ? undefined : textOf(before),
      AfterValue: after === undefined ? undefined : isUnknown && !textOf(after).includes(UNKNOWN) ? UNKNOWN : textOf(after),
      AttributeChangeType: before === undefined ? 'Add' : after === undefined ? 'Remove' : 'Modify'
    },
    ...source
  }))
}

function textOf (value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The changes without the values of NoEcho parameters, before and after. */
export function masked (changes: ResourceChange[], definitions: readonly Definition[]): ResourceChange[] {
  const secrets = definitions.flatMap(({ parameters }) => parameters.flatMap(({ noEcho, value }) => noEcho && value !== '' ? [value, JSON.stringify(value).slice(1, -1)] : []))
  const mask = (value: Json): Json => {
    if (typeof value === 'string') return secrets.reduce((shown, secret) => shown.replaceAll(secret, '****'), value)
    if (Array.isArray(value)) return value.map(mask)
    return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mask(item)])) : value
  }
  return secrets.length === 0 ? changes : mask(changes as unknown as Json) as unknown as ResourceChange[]
}

/** A change as it is described to a caller who did not ask for the values of properties. */
export function withoutValues ({ BeforeContext: _before, AfterContext: _after, Details: details = [], ...change }: ResourceChange): ResourceChange {
  return {
    ...change,
    Details: details.map(({ Target: { Path: _path, BeforeValue: _old, AfterValue: _new, AttributeChangeType: _type, ...Target } = {}, ...detail }) => ({ ...detail, Target }))
  }
}
