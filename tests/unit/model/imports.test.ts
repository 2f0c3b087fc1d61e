import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { describe, expect, test } from 'vitest'

const src = join(import.meta.dirname, '..', '..', '..', 'src')

interface ImportGraph {
  /** The files that are imported, directly or not, relative to src; the entries included. */
  readonly files: ReadonlyMap<string, string>
  readonly packages: ReadonlySet<string>
}

/** Follows the imports that remain at run time; those of types do not. */
function readImportGraph(entries: readonly string[]): ImportGraph {
  const files = new Map<string, string>()
  const packages = new Set<string>()
  const pending = [...entries]
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (files.has(file)) continue
    const text = readFileSync(join(src, file), 'utf8')
    files.set(file, text)
    for (const [, specifier = ''] of text.matchAll(/^(?:import|export)\s(?!type\b)(?:[^'"]*?\bfrom\s+)?'([^']+)'/gm)) {
      if (specifier.startsWith('.')) pending.push(relative(src, resolve(src, dirname(file), specifier)))
      else packages.add(specifier)
    }
  }
  return { files, packages }
}

describe('the modules of src/model, which clients share with the server,', () => {
  const entries = readdirSync(join(src, 'model'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('model', name))
  const { files, packages } = readImportGraph(entries)

  test('include the events, the fold, the deltas and the digest', () => {
    for (const name of ['chat-event', 'fold/fold-message', 'fold/apply-delta', 'fold/message-digest']) {
      expect([...files.keys()]).toContain(join('model', `${name}.ts`))
    }
  })

  test('import no module of Node and no package but canonicalize', () => {
    expect([...packages]).toEqual(['canonicalize'])
  })

  test('import only each other and src/lib', () => {
    const folders = new Set([...files.keys()].map((file) => file.split(sep)[0]))
    expect([...folders].toSorted()).toEqual(['lib', 'model'])
  })

  test('use no global that only Node has', () => {
    const nodeGlobals = /\b(?:Buffer|process|global|setImmediate|__dirname|require|NodeJS)\b/
    for (const [file, text] of files) {
      // Declarations of global types are no code.
      const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$|declare global/gm, '')
      expect(nodeGlobals.exec(code)?.[0], file).toBeUndefined()
    }
  })
})
