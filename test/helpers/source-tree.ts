import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A file of this repository; `path` is relative to its root, with slashes. */
export interface SourceFile { path: string, text: string }

/** The root of the repository, from source and from `dist/` alike. */
export const ROOT = fileURLToPath(new URL('..', import.meta.resolve('#templates/network.yaml')))

const notOurs = new Set(['node_modules', 'dist', '.git', '.tap', '.sandbox', 'coverage'])

/** Every file below a folder that is the repository's own, not built or installed. */
export function filesUnder (folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap(entry => {
    if (notOurs.has(entry.name)) return []
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesUnder(path) : [path]
  })
}

export function readSources (folders: readonly string[]): SourceFile[] {
  return folders.flatMap(filesUnder).filter(path => path.endsWith('.ts')).map(path => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
}

/** One import of a file: a package by its name, a file of ours by its path. */
export interface Import { from: string, isTypeOnly: boolean }

const importStatement = /^(?:import|export)\s+(type\s)?(?:[^'"`;]*?\sfrom\s+)?'([^']+)'/gm
/** Loaded later, or run as a program of its own. */
const laterImport = /\b(?:import|new URL)\('([^']+)'/g

export function importsOf ({ path, text }: SourceFile): Import[] {
  const found = [
    ...[...text.matchAll(importStatement)].map(([, type, from = '']) => ({ from, isTypeOnly: type !== undefined })),
    ...[...text.matchAll(laterImport)].map(([, from = '']) => ({ from, isTypeOnly: false }))
  ]
  return found.map(({ from, isTypeOnly }) => ({
    isTypeOnly, from: from.startsWith('.') ? relative(ROOT, resolve(ROOT, path, '..', from)).replace(/\.js$/, '.ts') : from
  }))
}
