import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { commandHelp, findSubcommandName, parseCliSubcommand } from '../../src/config/command-line/cli-subcommand.ts'
import { segueVersion } from '../../src/config/command-line/segue-version.ts'
import { builtProgram } from '../support/server/built-program.ts'
import { newTempFolder } from '../support/server/segue.ts'

/** Runs the CLI in a process of its own. */
const runCli = (...argv: string[]) => runNode(builtProgram, ...argv)

async function runNode(...argv: string[]) {
  const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env
  const env = { PATH, NODE_COMPILE_CACHE, HOME: newTempFolder() }
  const child = spawn(process.execPath, argv, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: child.exitCode, stdout, stderr }
}

test('an error is one message on stderr, with exit status 1', { timeout: 60_000 }, async () => {
  const folder = newTempFolder()
  const file = join(folder, 'broken.json')
  writeFileSync(file, '{"format": ')
  expect(await runCli('import', file, '--home', join(folder, 'home'))).toEqual({
    code: 1,
    stdout: '',
    stderr: `${file}: line 1: The file ends before the document is complete.\n`,
  })
})

test('--version prints the version', { timeout: 60_000 }, async () => {
  expect(await runCli('--version')).toEqual({ code: 0, stdout: `${segueVersion}\n`, stderr: '' })
})

test.each([
  ['20.19.0', 1, 'Node 20.19.0 is too old for Segue. Use Node 22.18 or newer.\n'],
  ['22.17.9', 1, 'Node 22.17.9 is too old for Segue. Use Node 22.18 or newer.\n'],
  ['22.18.0', 0, ''],
  ['24.1.0', 0, ''],
])(
  'the program of the package says whether Node %s is new enough',
  { timeout: 60_000 },
  async (version, code, message) => {
    const setVersion = `Object.defineProperty(process.versions, 'node', { value: '${version}' })`
    const argv = ['--import', `data:text/javascript,${encodeURIComponent(setVersion)}`, builtProgram, '--version']
    expect(await runNode(...argv)).toMatchObject({ code, stderr: message })
  },
)

test('an unknown command is refused, and starts no server', { timeout: 60_000 }, async () => {
  const { code, stdout, stderr } = await runCli('--home', join(newTempFolder(), 'home'), 'exprot', 'cnv_1')
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^exprot cnv_1: Invalid command\. Use export <id>, import <file>, backup <file>/)
})

test.each([
  [['export', 'cnv_1'], 'export'],
  [['--output', '-', '--home', 'a', '--port', '1', 'export', 'cnv_1'], 'export'],
  [['exprot'], 'exprot'],
  [['--port', '5000', '--no-hermes'], null],
  [['--unknown', 'export'], null],
  [[], null],
])('%j has the command %j', (argv, name) => {
  expect(findSubcommandName(argv)).toBe(name)
})

const read = (argv: readonly string[], env: NodeJS.ProcessEnv = {}, homedir = newTempFolder()) =>
  parseCliSubcommand({ argv, env, homedir })

test('the path flags are those of the server', () => {
  const home = newTempFolder()
  mkdirSync(join(home, 'hermes'))
  writeFileSync(join(home, 'config.json'), '{"hermesHome": "hermes", "model": "offline/eliza"}')
  const paths = { home, hermesHome: join(home, 'hermes') }
  expect(read(['export', 'cnv_1', '--home', home])).toEqual({
    name: 'export',
    id: 'cnv_1',
    output: null,
    profile: null,
    database: null,
    paths,
  })
  expect(read(['--output', '-', 'export', 'cnv_1', '--no-hermes'], { SEGUE_HOME: home })).toMatchObject({
    output: '-',
    paths: { home, hermesHome: null },
  })
  expect(read(['import', 'a.json', '--profile', 'work', `--home=${home}`])).toEqual({
    name: 'import',
    file: 'a.json',
    profile: 'work',
    database: null,
    paths,
  })
  const url = 'postgres://segue@127.0.0.1/segue'
  const database = { url, listenUrl: url, schema: 'segue' }
  expect(read(['export', 'cnv_1', '--database', url])).toMatchObject({ database })
  expect(read(['import', 'a.json'], { SEGUE_DATABASE_URL: url })).toMatchObject({ database })
})

test.each([
  [['export'], 'export: Invalid command. Use'],
  [['export', 'a', 'b'], 'export a b: Invalid command. Use'],
  [['delete', 'a'], 'delete a: Invalid command. Use'],
  [['export', 'a', '--output'], '--output: This flag needs a value.'],
  [['import', 'a', '--output', 'b'], '--output: Not allowed with import.'],
  [['import', 'a', '--profile', '../b'], '--profile: Invalid value "../b". Must be'],
  [['export', 'a', '--port', '1'], '--port: Unknown flag.'],
])('%j is refused', (argv, message) => {
  expect(() => read(argv)).toThrow(message)
})

test('the help describes every flag', () => {
  expect(read(['--help'])).toEqual({ name: 'help' })
  for (const flag of ['output', 'profile', 'home', 'hermes-home', 'no-hermes'])
    expect(commandHelp).toContain(`--${flag}`)
})
