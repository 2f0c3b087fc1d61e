// The main entry of the client library, with all that it loads of this repository, is small: it is part of every page.
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { clientBundle, findClientEntryPoint } from './build/build-client.ts'

/** Minified and compressed, without graphql-ws. */
const maxBytes = 10_000

const { outputFiles } = await build({
  ...clientBundle,
  entryPoints: [findClientEntryPoint('.')],
  minify: true,
  write: false,
})
const bytes = outputFiles.reduce((sum, { contents }) => sum + gzipSync(contents).length, 0)
if (bytes >= maxBytes) {
  process.stdout.write(`The main entry has ${bytes} bytes; at most ${maxBytes - 1}.\n`)
  process.exitCode = 1
}
