import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { readTemplate, type Template } from './template.js'

/** The products that can be chosen, by name. */
export type Catalog = ReadonlyMap<string, Template>

/** The folder `templates/` of this package, from source and from `dist/` alike. */
export const templatesDirectory = new URL('.', import.meta.resolve('#templates/network.yaml'))

/**
 * Reads every product in a folder: each `.yaml` file that has our metadata, its name being the file's without the ending.
 * Throws when a file is not YAML, so that a broken one is seen at start and not at the first request.
 */
export function loadCatalog (directory: URL = templatesDirectory): Catalog {
  const catalog = new Map<string, Template>()
  for (const file of readdirSync(fileURLToPath(directory)).sort()) {
    if (!file.endsWith('.yaml')) continue
    const name = file.slice(0, -'.yaml'.length)
    const template = readTemplate(name, readFileSync(new URL(file, directory), 'utf8'))
    if (template) catalog.set(name, template)
  }
  return catalog
}
