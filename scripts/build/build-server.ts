import { globSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import manifest from '../../package.json' with { type: 'json' }
import { writeLicenses } from './write-licenses.ts'

const root = join(import.meta.dirname, '..', '..')
const source = join(root, 'src')
const output = join(root, 'dist')
const target = 'node22.18'

/**
 * The packages that stay outside: those with files of their own (native code, WebAssembly, worker threads), and those that
 * few servers load. All others are in the files of dist/, because Node takes longer to find and link a thousand small files
 * than to run them.
 */
const externalPackages = [
  'better-sqlite3',
  'pino-pretty',
  'sharp',
  'heic-decode',
  'mammoth',
  'read-excel-file',
  'unpdf',
  '@graphql-yoga/render-graphiql',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-trace-node',
] as const satisfies readonly (keyof typeof manifest.dependencies)[]

/** The globals that the target lacks, and their names in node-22-polyfills.mjs. */
const polyfills: ReadonlyMap<string, string> = new Map([
  ['AsyncDisposableStack', 'AsyncDisposableStack'],
  ['DisposableStack', 'DisposableStack'],
  ['Promise.try', 'promiseTry'],
  ['RegExp.escape', 'escapeRegExp'],
])
const polyfilledGlobals = new RegExp(`\\b(${[...polyfills.keys()].join('|').replaceAll('.', '\\.')})\\b`, 'g')

const polyfillsFile = fileURLToPath(new URL('./node-22-polyfills.mjs', import.meta.url))

/** Imports the polyfills in a file that uses one of the globals which they replace. */
function importPolyfills(code: string): string {
  if (code.search(polyfilledGlobals) < 0) return code
  const polyfilled = code.replaceAll(polyfilledGlobals, (name) => `polyfills.${polyfills.get(name)}`)
  return `import * as polyfills from '${polyfillsFile}'\n${polyfilled}`
}

/** Worker threads, and what they import, are named by their URL. */
const moduleUrlPattern = /new URL\('(\.[^']+\.ts)', import\.meta\.url\)/g

/** The name in dist/, where all files are in one folder, of a source file that is named by its URL. */
const getOutputName = (file: string): string => relative(source, file).replace(/\.ts$/, '').replaceAll('/', '-')

function listModulesNamedByUrl(): string[] {
  return globSync('**/*.ts', { cwd: source }).flatMap((path) => {
    const file = join(source, path)
    return [...readFileSync(file, 'utf8').matchAll(moduleUrlPattern)].map(([, url = '']) => join(dirname(file), url))
  })
}

/** Lets a source file find other files, wherever in dist/ it is: `dist/<folder>` is as deep as `src/<folder>`. */
function rewriteOwnLocation(code: string, file: string): string {
  const folder = relative(source, dirname(file))
  return code
    .replaceAll(moduleUrlPattern, (_, url: string) => {
      const name = getOutputName(join(dirname(file), url))
      return `new URL('./${name}.js', import.meta.url)`
    })
    .replaceAll('import.meta.dirname', `(import.meta.dirname + '/${folder}')`)
}

const ownSources: Plugin = {
  name: 'sources of Segue',
  setup(context) {
    context.onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      contents: importPolyfills(rewriteOwnLocation(readFileSync(path, 'utf8'), path)),
      loader: 'ts',
    }))
  },
}

const keptForMs = 7 * 24 * 60 * 60 * 1000

/** Removes the files that no build has written lately. */
function removeOldFiles(): void {
  for (const name of readdirSync(output)) {
    const file = join(output, name)
    if (statSync(file).mtimeMs < Date.now() - keptForMs) rmSync(file, { recursive: true })
  }
}

export interface BuildServerOptions {
  /**
   * Leaves the files of the builds of the last week: a server that is running may still load parts of the one that it began
   * with. Default: false.
   */
  readonly keepsEarlier?: boolean
}

/** Writes the server to dist/, for the oldest Node that package.json allows. */
export async function buildServer({ keepsEarlier = false }: BuildServerOptions = {}): Promise<void> {
  if (!keepsEarlier) rmSync(output, { recursive: true, force: true })
  const entryPoints = [join(source, 'bin.ts'), ...new Set(listModulesNamedByUrl())]
  const { metafile } = await build({
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target,
    logLevel: 'warning',
    entryPoints: entryPoints.map((file) => ({ in: file, out: getOutputName(file) })),
    absWorkingDir: root,
    outdir: output,
    external: [...externalPackages],
    // Packages in CommonJS load Node's own modules with it.
    banner: {
      js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
    },
    legalComments: 'none',
    minifyWhitespace: true,
    metafile: true,
    plugins: [ownSources],
  })
  removeOldFiles()
  writeLicenses(root, Object.keys(metafile.inputs), join(output, 'packages-LICENSE.txt'))
}
