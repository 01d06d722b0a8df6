/** A member of a JSON object: its name, and the whole of it as it was written. */
export interface Member { name: string, source: string }

/**
 * Takes a JSON object apart at its outermost commas. What is written stays as it is: to read a number and to write it again would
 * lose digits. `text` must be valid JSON, and an object.
 */
export function splitMembers (text: string): Member[] {
  const sources: string[] = []
  let depth = 0
  let from = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '"') at = endOfText(text, at)
    else if (character === '{' || character === '[') {
      if (++depth === 1) from = at + 1
    } else if (character === '}' || character === ']' || (character === ',' && depth === 1)) {
      if (depth === 1) sources.push(text.slice(from, at))
      if (character === ',') from = at + 1
      else depth--
    }
  }
  return sources.map(source => source.trim()).filter(source => source !== '').map(source => ({
    name: JSON.parse(source.slice(0, endOfText(source, 0) + 1)) as string, source
  }))
}

/**
 * A name, as it is written, that an object somewhere in a valid JSON text has twice; null where none does. JSON readers take one of the
 * values and drop the other without a word (RFC 8259, 4).
 */
export function findRepeatedName (text: string): string | null {
  const objects: Array<Set<string>> = []
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '{') objects.push(new Set())
    else if (character === '}') objects.pop()
    if (character !== '"') continue
    const end = endOfText(text, at)
    const source = text.slice(at, end + 1)
    at = end
    colon.lastIndex = end + 1
    if (!colon.test(text)) continue
    const name = JSON.parse(source) as string
    const names = objects.at(-1)
    if (names?.has(name)) return source
    names?.add(name)
  }
  return null
}

const colon = /\s*:/y

/** Where the text ends that begins at `start`: at its closing quote. */
function endOfText (text: string, start: number): number {
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at
}
