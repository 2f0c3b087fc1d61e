import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ConcreteRequest } from 'relay-runtime'
import { createDocuments, relayListDirective, schemaFile } from '../documents/documents.ts'

const require = createRequire(import.meta.url)

export type RelayRequests = ReadonlyMap<string, ConcreteRequest>

/** Compiles the documents with Relay's compiler, and loads its artifacts. */
export async function compileRelayDocuments(): Promise<RelayRequests> {
  const folder = mkdtempSync(join(tmpdir(), 'segue-relay-'))
  for (const name of ['sources', 'artifacts']) mkdirSync(join(folder, name))
  const documents = [...createDocuments({ listDirective: relayListDirective })]
  copyFileSync(schemaFile, join(folder, 'schema.graphql'))
  // Relay demands that an operation begins with the name of its module.
  for (const [name, text] of documents) writeFileSync(join(folder, 'sources', `${name}.ts`), `graphql\`${text}\`\n`)
  writeFileSync(
    join(folder, 'relay.config.json'),
    JSON.stringify({
      src: './sources',
      schema: './schema.graphql',
      language: 'typescript',
      artifactDirectory: './artifacts',
      eagerEsModules: true,
      useImportTypeSyntax: true,
    }),
  )
  const compiler: unknown = require('relay-compiler')
  const { status, stdout, stderr } = spawnSync(String(compiler), ['relay.config.json'], {
    cwd: folder,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`relay-compiler failed.\n${stdout}${stderr}`)
  const requests = documents.map(
    async ([name]) => [name, await loadRequest(join(folder, 'artifacts', `${name}.graphql.ts`))] as const,
  )
  const loaded = new Map(await Promise.all(requests))
  rmSync(folder, { recursive: true })
  return loaded
}

async function loadRequest(artifact: string): Promise<ConcreteRequest> {
  const url = pathToFileURL(artifact).href
  const module: { readonly default: ConcreteRequest } = await import(url)
  return module.default
}
