// Generates the client of Zeus from schema.graphql. The command `zeus` of 7.2 does the same, but does not see its arguments.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TranslateGraphQL } from 'graphql-zeus-core'

const schema = readFileSync(join(import.meta.dirname, '..', '..', '..', 'schema.graphql'), 'utf8')
const folder = join(import.meta.dirname, '__generated__', 'zeus')

// `deno` writes imports that end in .ts.
const modules = TranslateGraphQL.typescriptSplit({ schema, deno: true, subscriptions: 'graphql-ws' })
mkdirSync(folder, { recursive: true })
for (const [name, text] of Object.entries(modules)) {
  // What it generates does not compile with the strictest settings. Its types are used all the same.
  writeFileSync(join(folder, `${name}.ts`), `// @ts-nocheck\n${text}`)
}
