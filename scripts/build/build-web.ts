import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const web = join(import.meta.dirname, '..', '..', 'web')

export interface BuildWebOptions {
  /** The folder of the sources. Default: the web app. */
  readonly root?: string
  /** Default: web/dist/. */
  readonly outDir?: string
}

/** Writes the web app to web/dist/, with each file compressed beside it, so that the server compresses nothing. */
export async function buildWeb({ root = web, outDir = join(web, 'dist') }: BuildWebOptions = {}): Promise<void> {
  const { build } = await import('vite')
  await build({ configFile: join(web, 'vite.config.ts'), logLevel: 'warn', root, build: { outDir } })
  for (const name of globSync('**/*.{js,css,html,svg,json,webmanifest}', { cwd: outDir })) {
    const file = join(outDir, name)
    const content = readFileSync(file)
    const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: content.length }
    writeFileSync(`${file}.br`, brotliCompressSync(content, { params }))
    writeFileSync(`${file}.gz`, gzipSync(content))
  }
}
