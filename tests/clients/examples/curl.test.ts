import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitUntil } from '../../support/wait-until.ts'
import { ChatsElsewhere } from '../support/chats-elsewhere.ts'
import { type ServerUnderTest, startServerUnderTest } from '../support/server-under-test.ts'
import { getExampleFolder } from './example-package.ts'

const script = join(getExampleFolder('curl'), 'chat.sh')
const isInstalled = (program: string): boolean => {
  try {
    return execFileSync(program, ['--version']).length > 0
  } catch {
    return false
  }
}
const hasPrograms = isInstalled('curl') && isInstalled('jq')

test.runIf(!hasPrograms)('curl and jq are available for the example', ({ skip }) => {
  if (!process.env['CI']) skip()
  expect(hasPrograms).toBe(true)
})

describe.runIf(hasPrograms)('examples/curl', () => {
  let server: ServerUnderTest
  const folder = mkdtempSync(join(tmpdir(), 'segue-curl-'))
  const state = join(folder, 'state')

  beforeAll(async () => {
    server = await startServerUnderTest()
  })
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const getEnv = () => ({ ...process.env, SEGUE_URL: `${server.url}/graphql`, SEGUE_CHAT_STATE: state })

  /** Runs a command of the script to its end. Resolves to its output. */
  async function run(...args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(script, args, { env: getEnv() })
    return stdout
  }

  /** Starts a command of the script, in a process group of its own, as a shell does. */
  function start(...args: readonly string[]) {
    const child = spawn(script, args, { env: getEnv(), detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    return {
      waitFor: (text: string) =>
        waitUntil(
          () => output.includes(text),
          () => output,
        ),
      interrupt: async () => {
        const closed = once(child, 'close')
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT')
        await closed
      },
    }
  }

  test('sends messages of one chat, and prints the answers', async () => {
    server.provider.enqueue([{ text: 'Hello, ' }, { text: 'you.' }, { finish: 'stop' }])
    expect(await run('send', 'Hello')).toBe('Hello, you.\n')
    server.provider.enqueue([{ text: 'Line one.\nTab:\t; back\\slash.' }, { finish: 'stop' }])
    expect(await run('send', 'And now?')).toBe('Line one.\nTab:\t; back\\slash.\n')
    const titles = await server.ask('{ conversations { edges { node { id } } } }')
    expect(titles).toMatchObject({ conversations: { edges: [{}] } })
  })

  test('goes on with an answer after Ctrl-C, and stops another', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    server.provider.enqueue([
      { text: 'One half,' },
      { wait: released },
      { text: ' and the other.' },
      { finish: 'stop' },
    ])
    const sending = start('send', 'Talk.')
    await sending.waitFor('One half,')
    // It is remembered right after it was printed.
    await waitUntil(() => readFileSync(state, 'utf8').trim().endsWith(` ${'One half,'.length}`))
    await sending.interrupt()
    release()
    expect(await run('resume')).toBe(' and the other.\n')

    server.provider.enqueue([{ text: 'A quarter' }, { wait: new Promise(() => undefined) }])
    const stopped = start('send', 'Again.')
    await stopped.waitFor('A quarter')
    expect(await run('stop')).toBe('CANCELLED: A quarter\n')
    await stopped.interrupt().catch(() => undefined)
  })

  test('prints no text twice when the rest of an answer comes in one event', async () => {
    const [first, rest] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const words = Array.from({ length: 20 }, (_, index) => ({ text: `word ${index} 😀 ` }))
    server.provider.enqueue([
      { text: 'One 😀 ' },
      { wait: first.promise },
      ...words,
      { wait: rest.promise },
      { finish: 'stop' },
    ])
    const sending = start('send', 'Talk.')
    await sending.waitFor('One 😀 ')
    await waitUntil(
      () => readFileSync(state, 'utf8').endsWith(' 0 7\n'),
      () => readFileSync(state, 'utf8'),
    )
    await sending.interrupt()
    first.resolve()
    rest.resolve()
    expect(await run('resume')).toBe(`${words.map(({ text }) => text).join('')}\n`)
  })

  test('prints the list, and each change of it', async () => {
    const listing = start('list')
    await listing.waitFor('Hello')
    const id = await new ChatsElsewhere(server).chat('What grows here?')
    await server.ask('mutation ($id: ID!) { updateSession(id: $id, input: { title: "Garden" }) { id } }', { id })
    await listing.waitFor(`${id}  Garden`)
    await listing.interrupt()
  })
})
