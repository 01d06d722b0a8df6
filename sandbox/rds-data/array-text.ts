/** PostgreSQL prints an array with unusual bounds as `[0:1]={…}`. */
const bounds = /^\[[^=]*\]=/

const elements = /"((?:[^"\\]|\\[^])*)"|([^,{}"]+)/g

/**
 * Reads the text of a one-dimensional array as PostgreSQL prints it, NULL as null; undefined for an array with more
 * dimensions than one.
 */
export function parseArrayText (text: string): Array<string | null> | undefined {
  const body = text.replace(bounds, '').slice(1, -1)
  if (body.startsWith('{')) return undefined
  return [...body.matchAll(elements)].map(([, quoted, plain]) => {
    if (quoted !== undefined) return quoted.replace(/\\([^])/g, '$1')
    return plain === undefined || plain === 'NULL' ? null : plain
  })
}
