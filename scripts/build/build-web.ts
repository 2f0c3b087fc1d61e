import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const web = join(import.meta.dirname, '..', '..', 'web')

/** Writes the web app to web/dist/, with each file compressed beside it, so that the server compresses nothing. */
export async function buildWeb(): Promise<void> {
  const { build } = await import('vite')
  await build({ configFile: join(web, 'vite.config.ts'), logLevel: 'warn' })
  for (const name of globSync('**/*.{js,css,html,svg,json,webmanifest}', { cwd: join(web, 'dist') })) {
    const file = join(web, 'dist', name)
    const content = readFileSync(file)
    const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: content.length }
    writeFileSync(`${file}.br`, brotliCompressSync(content, { params }))
    writeFileSync(`${file}.gz`, gzipSync(content))
  }
}
