import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const web = join(import.meta.dirname, '..', '..', 'web')

export interface BuildWebOptions {
  /** Default: web/dist/. */
  readonly outDir?: string
}

/** Writes the web app to web/dist/, with each file compressed beside it, so that the server compresses nothing. */
export async function buildWeb({ outDir = join(web, 'dist') }: BuildWebOptions = {}): Promise<void> {
  // Whoever builds may have another one, such as a test that runs `npm start`: React would be built for development.
  process.env['NODE_ENV'] = 'production'
  const { build } = await import('vite')
  await build({ configFile: join(web, 'vite.config.ts'), logLevel: 'warn', build: { outDir } })
  compressFiles(outDir)
}

/** Writes each file of a built page once more, compressed, beside it. */
export function compressFiles(folder: string): void {
  for (const name of globSync('**/*.{js,css,html,svg,json,webmanifest}', { cwd: folder })) {
    const file = join(folder, name)
    const content = readFileSync(file)
    const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: content.length }
    writeFileSync(`${file}.br`, brotliCompressSync(content, { params }))
    writeFileSync(`${file}.gz`, gzipSync(content))
  }
}
