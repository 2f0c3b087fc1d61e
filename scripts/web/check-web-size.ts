// What a browser loads before the web app can be used is small: the script of the page, and what it imports at once. What only
// some chats need is loaded when it is first needed: Markdown, highlighting, maths and diagrams.
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'

/** Compressed. */
const maxBytes = 200_000
/** Packages that are loaded when they are first needed. */
const laterPackages = /node_modules\/(marked|remend|react-markdown|remark-[a-z]+|rehype-[a-z]+|@?shiki|katex|mermaid)\//

// That of a shell may be another, and would build React for development.
process.env['NODE_ENV'] = 'production'
const root = join(import.meta.dirname, '..', '..', 'web')
const built = await build({ configFile: join(root, 'vite.config.ts'), logLevel: 'warn', build: { write: false } })
const outputs = Array.isArray(built) ? built : 'output' in built ? [built] : []
const chunks = outputs.flatMap(({ output }) => output).filter((file) => file.type === 'chunk')
const chunksByName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]))

/** A chunk, and all that it imports before it runs. */
function collectChunks(name: string, found: Set<string>): void {
  if (found.has(name)) return
  found.add(name)
  for (const imported of chunksByName.get(name)?.imports ?? []) collectChunks(imported, found)
}

const page = outputs.flatMap(({ output }) => output).find(({ fileName }) => fileName === 'index.html')
const html = page?.type === 'asset' ? String(page.source) : ''
const firstNames = new Set<string>()
for (const [, name] of html.matchAll(/ (?:src|href)="\/(assets\/[^"]+\.js)"/g))
  if (name) collectChunks(name, firstNames)
const firstChunks = chunks.filter(({ fileName }) => firstNames.has(fileName))
const sizes = firstChunks.map(({ fileName, code }) => ({ fileName, bytes: gzipSync(code).length }))
const bytes = sizes.reduce((sum, size) => sum + size.bytes, 0)
for (const size of sizes) process.stdout.write(`${size.bytes} bytes  ${size.fileName}\n`)
process.stdout.write(`The first load has ${bytes} bytes of JavaScript, compressed; at most ${maxBytes - 1}.\n`)
if (firstChunks.length === 0 || bytes >= maxBytes) process.exitCode = 1

const tooEarly = new Set(
  firstChunks.flatMap(({ moduleIds }) => moduleIds.flatMap((id) => laterPackages.exec(id)?.[1] ?? [])),
)
for (const name of tooEarly) {
  process.stdout.write(`The first load contains ${name}. Load it when it is first needed.\n`)
  process.exitCode = 1
}
