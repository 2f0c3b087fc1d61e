// Builds the packages: the server in dist/, the client library in client/dist/, the web app in web/dist/. With names, only
// those.
import { buildClient } from './build/build-client.ts'
import { buildServer } from './build/build-server.ts'
import { buildWeb } from './build/build-web.ts'

const builds: ReadonlyMap<string, () => Promise<void>> = new Map([
  ['server', buildServer],
  ['client', buildClient],
  ['web', buildWeb],
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
