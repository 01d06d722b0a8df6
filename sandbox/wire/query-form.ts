import { AwsError } from '../aws.js'
import type { Shape } from './schemas.js'

/** The keys `Tags.member.1.Key` of a form, split at their dots into a tree. */
interface Branch {
  value?: string
  branches: Map<string, Branch>
}

/** Far beyond any real request, and few enough that a form made of dots and ampersands costs little memory. */
const MOST_FIELDS = 20_000
const MOST_PARTS = 32

/**
 * Reads an AWS Query form into a structure of the model. Lists are `Name.member.1` or `Name.ItemName.1`, flattened ones
 * `Name.1`; maps are `Name.entry.1.key` and `.value`; an empty list is `Name=`. Unknown members are ignored.
 */
export function readForm (form: Iterable<[name: string, value: string]>, shape: Shape): unknown {
  const root: Branch = { branches: new Map() }
  let fields = 0
  for (const [name, value] of form) {
    if (++fields > MOST_FIELDS) throw new AwsError('MalformedQueryString', `The request has more than ${MOST_FIELDS} parameters`)
    grow(root, name, value)
  }
  return readStructure(root, shape)
}

function grow (root: Branch, name: string, value: string): void {
  const parts = name.split('.', MOST_PARTS + 1)
  if (parts.length > MOST_PARTS) return
  let branch = root
  for (const part of parts) {
    const next = branch.branches.get(part) ?? { branches: new Map<string, Branch>() }
    branch.branches.set(part, next)
    branch = next
  }
  branch.value = value
}

function readStructure (branch: Branch, shape: Shape): Record<string, unknown> {
  const structure: Record<string, unknown> = {}
  for (const [name, member] of shape.structIterator()) {
    const found = branch.branches.get(wireName(member, name))
    if (found) structure[name] = read(found, member, name)
  }
  return structure
}

function wireName (shape: Shape, fallback: string): string {
  const { xmlName } = shape.getMergedTraits()
  return typeof xmlName === 'string' ? xmlName : fallback
}

function read (branch: Branch, shape: Shape, name: string): unknown {
  if (shape.isStructSchema()) return readStructure(branch, shape)
  if (shape.isListSchema()) return readList(branch, shape, name)
  if (shape.isMapSchema()) return readMap(branch, shape, name)
  return readScalar(branch.value ?? '', shape, name)
}

function readList (branch: Branch, shape: Shape, name: string): unknown[] {
  const item = shape.getValueSchema()
  return itemsOf(branch, shape, wireName(item, 'member'), 'member').map(found => read(found, item, name))
}

function readMap (branch: Branch, shape: Shape, name: string): Record<string, unknown> {
  const [key, value] = [shape.getKeySchema(), shape.getValueSchema()]
  const entries = itemsOf(branch, shape, 'entry', 'entry').map(entry => [
    entry.branches.get(wireName(key, 'key'))?.value ?? '',
    read(entry.branches.get(wireName(value, 'value')) ?? { branches: new Map() }, value, name)
  ])
  return Object.fromEntries(entries) as Record<string, unknown>
}

/** The numbered branches in the order of their numbers, which is not always the order of arrival. */
function itemsOf (branch: Branch, shape: Shape, name: string, alternative: string): Branch[] {
  const flat = Boolean(shape.getMergedTraits().xmlFlattened)
  const items = flat ? branch : branch.branches.get(name) ?? branch.branches.get(alternative)
  return [...items?.branches ?? []]
    .filter(([index]) => /^\d{1,9}$/.test(index))
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, item]) => item)
}

function readScalar (value: string, shape: Shape, name: string): unknown {
  if (shape.isStringSchema()) return value
  if (shape.isBlobSchema()) return Buffer.from(value, 'base64')
  if (shape.isBooleanSchema()) {
    const truth = { true: true, false: false }[value.toLowerCase()]
    return truth ?? refuse(value, name, 'Boolean')
  }
  if (shape.isTimestampSchema()) {
    const time = new Date(/^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : value)
    return Number.isNaN(time.getTime()) ? refuse(value, name, 'Timestamp') : time
  }
  const number = Number(value)
  return value.trim() === '' || Number.isNaN(number) ? refuse(value, name, 'Number') : number
}

function refuse (value: string, name: string, type: string): never {
  throw new AwsError('MalformedInput', `The value ${JSON.stringify(value.slice(0, 100))} of ${name} is not a valid ${type}`)
}
