// Builds the packages: the server in dist/, the client library in client/dist/. With a name, only that of the two.
import { buildClient } from './build/build-client.ts'
import { buildServer } from './build/build-server.ts'

const builds: ReadonlyMap<string, () => Promise<void>> = new Map([
  ['server', buildServer],
  ['client', buildClient],
])

const names = process.argv.length > 2 ? process.argv.slice(2) : [...builds.keys()]
for (const name of names) {
  const build = builds.get(name)
  if (build === undefined) throw new Error(`${name}: Unknown package. Use ${[...builds.keys()].join(' or ')}.`)
  await build().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  })
}
