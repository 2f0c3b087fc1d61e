// The main entry of the client library is small, because it is part of every page. It has all but graphql-ws and what is
// loaded on demand: the transport that uses graphql-ws, the printer of parsed documents, the digest, and files.
import { gzipSync } from 'node:zlib'
import { build, type Plugin } from 'esbuild'
import { clientBundle, getClientEntryPoint } from './build/build-client.ts'

/** Minified and compressed. */
const maxBytes = 10_000

const leaveOutDynamicImports: Plugin = {
  name: 'leave out dynamic imports',
  setup: ({ onResolve }) =>
    onResolve({ filter: /.*/ }, ({ kind, path }) => (kind === 'dynamic-import' ? { path, external: true } : null)),
}

const { outputFiles } = await build({
  ...clientBundle,
  entryPoints: [getClientEntryPoint('.')],
  plugins: [...clientBundle.plugins, leaveOutDynamicImports],
  minify: true,
  write: false,
})
const bytes = outputFiles.reduce((sum, { contents }) => sum + gzipSync(contents).length, 0)
process.stdout.write(`The main entry has ${bytes} bytes; at most ${maxBytes - 1}.\n`)
if (bytes >= maxBytes) process.exitCode = 1
