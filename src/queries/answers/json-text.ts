import type { Json } from '../sql/arguments.js'

/** JSON as the database printed it. To read it and to write it again would lose digits of its numbers. */
export class JsonText {
  readonly text: string

  constructor (text: string) {
    this.text = text
  }

  /** For whoever does not know of {@link toJson}: the value, with the digits that a JavaScript number has. */
  toJSON (): unknown {
    return JSON.parse(this.text)
  }
}

/** A value of an answer. */
export type Value = Json | JsonText | Value[]

/** As `JSON.stringify`, and JSON of the database as it came. */
export function toJson (value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (value instanceof JsonText) return value.text
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${toJson(member)}`).join(',')}}`
}

/** As {@link toJson}, in one line: JSON of the database may have line breaks between its tokens, and nowhere else. */
export function toJsonLine (value: Value): string {
  return toJson(value).replace(/[\r\n]+/g, ' ')
}

/** Whether a type's values are {@link JsonText}. */
export function isJsonType (type: string): boolean {
  return /^jsonb?(\[\])?$/.test(type)
}
