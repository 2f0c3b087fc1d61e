// Generates clients in other languages from schema.graphql, compiles them and runs them: npm run clients -- go [rust …]
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { z } from 'zod'
import { ask } from '../tests/support/server/graphql-request.ts'
import { type ServerProcess, startServerProcess } from '../tests/support/server/server-process.ts'

const root = join(import.meta.dirname, '..')

type Command = readonly [program: string, ...args: readonly string[]]

interface LanguageCommands {
  /** Generate and compile, in this order. */
  readonly prepare: readonly Command[]
  /** The folder in `examples` that is copied to the folder `example`, with a chat that the last program runs. */
  readonly example?: string
  /** Each prints a report, see clients/README.md. */
  readonly programs: readonly Command[]
}

const languages: ReadonlyMap<string, LanguageCommands> = new Map([
  [
    'go',
    {
      prepare: [
        ['go', 'tool', 'genqlient'],
        ['go', 'vet', '.'],
        ['go', 'build', '-o', 'client', '.'],
      ],
      programs: [['./client']],
    },
  ],
  [
    'rust',
    {
      prepare: [['cargo', 'build', '--quiet']],
      programs: [['target/debug/cynic'], ['target/debug/graphql-client']],
    },
  ],
  [
    'jvm',
    {
      prepare: [
        ['mvn', '-q', '-B', '-f', 'generator', 'compile', 'exec:java', '-Dexec.args=. client/generated'],
        ['mvn', '-q', '-B', '-f', 'client', 'compile'],
        ['mvn', '-q', '-B', '-f', 'spring', 'compile'],
      ],
      programs: [
        ['mvn', '-q', '-B', '-f', 'client', 'exec:java'],
        ['mvn', '-q', '-B', '-f', 'spring', 'exec:java', '-Dexec.mainClass=SpringChat'],
        ['mvn', '-q', '-B', '-f', 'spring', 'exec:java', '-Dexec.mainClass=DgsChat'],
      ],
    },
  ],
  [
    'python',
    {
      prepare: [
        ['python3', '-m', 'venv', 'venv'],
        ['venv/bin/pip', 'install', '--quiet', '-r', 'requirements.txt'],
        ['venv/bin/ariadne-codegen'],
      ],
      programs: [
        ['venv/bin/python', 'gql_client.py'],
        ['venv/bin/python', 'ariadne_client.py'],
        ['venv/bin/python', 'example_client.py'],
      ],
      example: 'python',
    },
  ],
  [
    'bun',
    {
      prepare: [['npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error']],
      programs: [['node_modules/.bin/bun', 'chat.js']],
    },
  ],
])

/** The folders where installers put the toolchains, after those of PATH. */
const path = [process.env['PATH'], '/usr/local/go/bin', join(homedir(), '.cargo', 'bin')].join(delimiter)

/** Runs a command and returns its standard output. Throws if it fails. */
function run([program, ...args]: Command, cwd: string, env: Readonly<Record<string, string>> = {}): string {
  process.stdout.write(`$ ${[program, ...args].join(' ')}\n`)
  const { status, stdout, error } = spawnSync(program, args, {
    cwd,
    env: { ...process.env, PATH: path, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${program} ended with status ${status}.\n${stdout}`)
  return stdout
}

const textsSchema = z.tuple([z.string().regex(/\w/), z.string()]).refine(([received, saved]) => received === saved, {
  error: 'The received text must be the saved text.',
})
const reportSchema = z.object({
  titles: z.array(z.string()).refine((titles) => titles.includes('Garden'), { error: 'Must include Garden.' }),
  whole: textsSchema,
  outcome: z.string().toUpperCase().pipe(z.literal('CANCELLED')),
  partial: textsSchema,
  title: z.literal('Garden'),
})

/** Makes a conversation with a title of its own, which the programs list and must not lose. */
async function addConversation({ url }: ServerProcess): Promise<void> {
  const { createSession } = await ask(url, z.object({ createSession: z.object({ id: z.string() }) }), {
    query: 'mutation { createSession(input: { title: "Title of the root" }) { id } }',
  })
  await ask(url, z.unknown(), {
    query: `mutation ($sessionId: ID!, $conversationId: ID!) {
      startChat(input: { sessionId: $sessionId, text: "What grows here?" }) { id }
      updateConversation(id: $conversationId, input: { title: "Garden" }) { id }
    }`,
    variables: { sessionId: createSession.id, conversationId: `cnv_${createSession.id}` },
  })
}

async function runClients(language: string, { prepare, programs, example }: LanguageCommands): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), `segue-client-${language}-`))
  try {
    cpSync(join(root, 'scripts', 'clients', language), folder, { recursive: true })
    cpSync(join(root, 'scripts', 'clients', 'chat.graphql'), join(folder, 'chat.graphql'))
    if (example !== undefined) cpSync(join(root, 'examples', example), join(folder, 'example'), { recursive: true })
    cpSync(join(root, 'schema.graphql'), join(folder, 'schema.graphql'))
    cpSync(join(root, 'tests', 'contract', 'operations'), join(folder, 'operations'), { recursive: true })
    for (const command of prepare) run(command, folder)
    const argv = ['--port', '0', '--home', join(folder, 'home'), '--no-hermes', '--offline-delay', '20']
    await using server = await startServerProcess({ argv })
    await addConversation(server)
    for (const program of programs) {
      const report = run(program, folder, { SEGUE_URL: `${server.url}/graphql` })
      process.stdout.write(report)
      reportSchema.parse(JSON.parse(/\{.*\}/.exec(report)?.[0] ?? ''))
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const names = process.argv.slice(2)
const known = [...languages.keys()].join(', ')
if (names.length === 0) throw new Error(`Missing language. Use one or more of ${known}.`)
for (const name of names) {
  const language = languages.get(name)
  if (language === undefined) throw new Error(`${name}: Unknown language. Use one or more of ${known}.`)
  await runClients(name, language)
  process.stdout.write(`ok      ${name}\n`)
}
