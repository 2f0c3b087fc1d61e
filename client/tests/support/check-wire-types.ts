import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from '@graphql-codegen/cli'
import { parse } from 'graphql'

/** A document of the library, and the type by which the library reads its result. */
export interface TypedDocument {
  readonly text: string
  /** TypeScript, with the exports of client/src that `imports` names. */
  readonly resultType: string
}

const client = join(import.meta.dirname, '..', '..')
const tsc = join(client, '..', 'node_modules', 'typescript', 'lib', 'tsc.js')

/** Modules of client/src whose types the checks can name, by the name of their namespace. */
const imports = {
  Wire: 'wire/wire-types.ts',
  Lists: 'lists/conversation-documents.ts',
  Chat: 'live-chat/live-chat-documents.ts',
  AiSdk: 'ai-sdk/chat-session-documents.ts',
  Client: 'segue-client.ts',
  Commands: 'commands/command-documents.ts',
}

/**
 * The errors of the compiler where a result that this schema allows does not fit the type by which the library reads it: a
 * field that can be null, an enum value that the library does not know, a scalar of another type. Empty if all fit.
 */
export async function checkWireTypes(schema: string, documents: ReadonlyMap<string, TypedDocument>): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'segue-wire-types-'))
  try {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'operations.ts'), await generateOperationTypes(schema, documents))
    writeFileSync(join(folder, 'checks.ts'), printChecks(documents))
    const options = { extends: join(client, 'tsconfig.json'), files: ['operations.ts', 'checks.ts'], include: [] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options))
    return await compile(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function generateOperationTypes(schema: string, documents: ReadonlyMap<string, TypedDocument>): Promise<string> {
  const named = [...documents].map(([name, { text }]) => text.replace(/^(\w+)/, `$1 ${name}`))
  const files: { filename: string; content: string }[] = await generate(
    {
      schema,
      documents: named,
      silent: true,
      generates: {
        'generated/': {
          preset: 'client',
          presetConfig: { fragmentMasking: false },
          config: {
            enumsAsTypes: true,
            useTypeImports: true,
            strictScalars: true,
            // JSON can be anything that the library expects there, except null where the schema allows none.
            scalars: { ID: 'string', DateTime: 'string', JSON: 'never', SafeInt: 'number' },
          },
        },
      },
    },
    false,
  )
  const types = files.find(({ filename }) => filename.endsWith('graphql.ts'))?.content ?? ''
  return types.replaceAll(/^(?:export const|import) .*$/gm, '')
}

/** One statement for each document, which compiles if the generated type is assignable to that of the library. */
function printChecks(documents: ReadonlyMap<string, TypedDocument>): string {
  const lines = Object.entries(imports).map(
    ([name, path]) => `import type * as ${name} from ${JSON.stringify(join(client, 'src', path))}`,
  )
  for (const [name, { text, resultType }] of documents) {
    const operation = toOperationKind(text)
    const generated = `Operations.${name}${operation}`
    // The result of a mutation is null only together with an error, which the library throws.
    const result =
      operation === 'Mutation' ? `{ [Field in keyof ${generated}]: NonNullable<${generated}[Field]> }` : generated
    lines.push(`export const check${name} = (result: ${result}): ${resultType} => result`)
  }
  return [`import type * as Operations from './operations.ts'`, ...lines, ''].join('\n')
}

function toOperationKind(text: string): string {
  const [definition] = parse(text).definitions
  if (definition?.kind !== 'OperationDefinition') throw new TypeError(`This is no operation: ${text}`)
  return definition.operation.charAt(0).toUpperCase() + definition.operation.slice(1)
}

function compile(folder: string): Promise<string[]> {
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], (_, stdout) =>
      resolve(stdout.split(/\n(?=\S)/).filter((message) => message.includes('error TS'))),
    )
  })
}
