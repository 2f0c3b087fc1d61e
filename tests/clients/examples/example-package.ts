import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { buildClient } from '../../../scripts/build/build-client.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const namesSchema = z.record(z.string(), z.string())
const manifestSchema = z.object({ dependencies: namesSchema, scripts: namesSchema })

export const getExampleFolder = (name: string): string => join(root, 'examples', name)

let built: Promise<void> | null = null

/** Installs the packages of an example, with the client library as it is now, and compiles its operations. */
export async function installExample(name: string): Promise<void> {
  const folder = getExampleFolder(name)
  const { dependencies, scripts } = manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))
  const usesLibrary = 'segue-client' in dependencies
  if (usesLibrary) await (built ??= buildClient())
  const install = ['scripts/install.mjs', join('examples', name)]
  execFileSync(process.execPath, install, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  if ('compile' in scripts)
    execFileSync('npm', ['run', '--silent', 'compile'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  if (!usesLibrary) return
  const copy = join(folder, 'node_modules', 'segue-client', 'dist')
  if (!existsSync(copy)) throw new Error(`${name} has no copy of segue-client. Set install-links in its .npmrc.`)
  cpSync(join(root, 'client', 'dist'), copy, { recursive: true, force: true })
}

/** Checks the types of an example. Throws with the compiler's messages. */
export function checkExampleTypes(name: string): void {
  execFileSync('tsc', ['-p', getExampleFolder(name)], { stdio: ['ignore', 'inherit', 'inherit'] })
}
