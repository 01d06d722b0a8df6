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

/** Where the text ends that begins at `start`: at its closing quote. */
function endOfText (text: string, start: number): number {
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at
}
