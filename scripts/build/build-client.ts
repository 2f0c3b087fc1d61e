import { execFileSync } from 'node:child_process'
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, type BuildOptions } from 'esbuild'
import manifest from '../../client/package.json' with { type: 'json' }
import { compactDocuments } from './compact-documents.ts'

const root = join(import.meta.dirname, '..', '..')
const client = join(root, 'client')
const output = join(client, 'dist')

/** Of the client library as a bundle: everything but the packages that are installed with it, or beside it. */
export const clientBundle = {
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: ['es2022', 'node20'],
  external: Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
  logLevel: 'warning',
  plugins: [compactDocuments],
} as const satisfies BuildOptions

/** The source file of an entry of the package, for example of `./react`. */
export function getClientEntryPoint(name: string): string {
  return join(client, 'src', name, 'index.ts')
}

/** Writes the client library and its declarations to client/dist/. */
export async function buildClient(): Promise<void> {
  rmSync(output, { recursive: true, force: true })
  const names = Object.keys(manifest.exports).filter((name) => name !== './package.json')
  await build({
    ...clientBundle,
    entryPoints: Object.fromEntries(names.map((name) => [join(name, 'index'), getClientEntryPoint(name)])),
    outdir: output,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
  })
  execFileSync('tsc', ['-p', 'client/tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
  rewriteDeclarationImports(join(output, 'types'))
}

/** tsc leaves the extensions of source files in declarations, where not every resolver finds what they mean. */
function rewriteDeclarationImports(folder: string): void {
  for (const name of globSync('**/*.d.ts', { cwd: folder })) {
    const file = join(folder, name)
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replaceAll(/((?:from|import) ?\(?['"]\.[^'"]*)\.tsx?(?=['"])/g, '$1.js'))
  }
}
