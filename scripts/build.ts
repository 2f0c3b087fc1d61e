// Builds the packages: the server in dist/, the client library in client/dist/, the web app in web/dist/. With names, only
// those. With --keep-earlier, a server that is running keeps the files that it began with.
import { parseArgs } from 'node:util'
import { buildClient } from './build/build-client.ts'
import { buildServer } from './build/build-server.ts'
import { buildWeb } from './build/build-web.ts'

const { values, positionals } = parseArgs({
  options: { 'keep-earlier': { type: 'boolean', default: false } },
  allowPositionals: true,
})

const builds: ReadonlyMap<string, () => Promise<void>> = new Map([
  ['server', () => buildServer({ keepsEarlier: values['keep-earlier'] })],
  ['client', buildClient],
  ['web', buildWeb],
])

const names = positionals.length > 0 ? positionals : [...builds.keys()]
for (const name of names) {
  const build = builds.get(name)
  if (build === undefined) throw new Error(`${name}: Unknown package. Use ${[...builds.keys()].join(' or ')}.`)
  await build().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  })
}
