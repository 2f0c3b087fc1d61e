import { copyFileSync, globSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import manifest from '../../package.json' with { type: 'json' }

const root = join(import.meta.dirname, '..', '..')
const source = join(root, 'src')
const output = join(root, 'dist')
const target = 'node22.18'

/** The globals that the target lacks, and their names in node-22-polyfills.mjs. */
const polyfills: ReadonlyMap<string, string> = new Map([
  ['AsyncDisposableStack', 'AsyncDisposableStack'],
  ['DisposableStack', 'DisposableStack'],
  ['Promise.try', 'promiseTry'],
  ['RegExp.escape', 'escapeRegExp'],
])
const polyfilledGlobals = new RegExp(`\\b(${[...polyfills.keys()].join('|').replaceAll('.', '\\.')})\\b`, 'g')

const toOutputPath = (path: string): string => path.replace(/\.ts$/, '.js')

/** Imports the polyfills in a file that uses one of the globals which they replace. */
function importPolyfills(code: string, file: string): string {
  if (code.search(polyfilledGlobals) < 0) return code
  const path = relative(dirname(file), join(source, 'node-22-polyfills.js'))
  const polyfilled = code.replaceAll(polyfilledGlobals, (name) => `polyfills.${polyfills.get(name)}`)
  return `import * as polyfills from './${path}'\n${polyfilled}`
}

/** Worker threads, and what they import, are named by their URL, which is as relative as the path of an import. */
function rewriteModuleUrls(code: string): string {
  return code.replaceAll(
    /new URL\('(\.[^']+)', import\.meta\.url\)/g,
    (_, path: string) => `new URL('${toOutputPath(path)}', import.meta.url)`,
  )
}

/** Leaves imports of other files in place, with the extension of the output, so that each file becomes one file. */
const oneFileEach: Plugin = {
  name: 'one output file for each source file',
  setup(context) {
    context.onResolve({ filter: /^\./ }, ({ kind, path }) =>
      kind === 'entry-point' ? undefined : { path: toOutputPath(path), external: true },
    )
    context.onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      contents: importPolyfills(rewriteModuleUrls(readFileSync(path, 'utf8')), path),
      loader: 'ts',
    }))
  },
}

/** Writes the server to dist/, for the oldest Node that package.json allows. */
export async function buildServer(): Promise<void> {
  rmSync(output, { recursive: true, force: true })
  const options = { bundle: true, format: 'esm', platform: 'node', target, logLevel: 'warning' } as const
  await build({
    ...options,
    entryPoints: globSync('**/*.ts', { cwd: source, exclude: ['**/*.d.ts'] }).map((file) => join(source, file)),
    outbase: source,
    outdir: output,
    external: Object.keys(manifest.dependencies),
    plugins: [oneFileEach],
  })
  await build({
    ...options,
    entryPoints: [fileURLToPath(new URL('./node-22-polyfills.mjs', import.meta.url))],
    outdir: output,
    minify: true,
  })
  copyFileSync(
    fileURLToPath(import.meta.resolve('core-js-pure/LICENSE')),
    join(output, 'node-22-polyfills.LICENSE.txt'),
  )
}
