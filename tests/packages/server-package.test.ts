import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { z } from 'zod'
import { followOverEventStream } from '../support/clients/follower.ts'
import { HermesDb } from '../support/hermes/hermes-db.ts'
import { ask } from '../support/server/graphql-request.ts'
import { InstalledPackage, nodeVersions } from './installed-package.ts'
import { waitLimitMs } from '../support/vitest-limits.ts'

const streamSchema = z.object({ id: z.string(), session: z.object({ id: z.string() }) })

/** Starts an answer of the offline agent. */
async function startChat(url: string, text: string) {
  const { startChat: stream } = await ask(url, z.object({ startChat: streamSchema }), {
    query: 'mutation ($text: String!) { startChat(input: { text: $text }) { id session { id } } }',
    variables: { text },
  })
  return { streamId: stream.id, sessionId: stream.session.id }
}

async function cancel(url: string, streamId: string) {
  const cancelSchema = z.object({
    cancelStream: z.object({ outcome: z.string(), message: z.object({ status: z.string(), text: z.string() }) }),
  })
  const { cancelStream } = await ask(url, cancelSchema, {
    query: 'mutation ($id: ID!) { cancelStream(streamId: $id) { outcome message { status text } } }',
    variables: { id: streamId },
  })
  return cancelStream
}

/** The ids of the sessions that a search finds. */
async function search(url: string, query: string): Promise<string[]> {
  const schema = z.object({
    search: z.object({
      edges: z.array(z.object({ node: z.object({ session: z.object({ id: z.string() }) }) })),
    }),
  })
  const found = await ask(url, schema, {
    query: 'query ($query: String!) { search(query: $query, first: 10) { edges { node { session { id } } } } }',
    variables: { query },
  })
  return found.search.edges.map(({ node }) => node.session.id)
}

/** Both origins are indexed in the background. */
async function waitUntilFound(url: string, query: string, sessionId: string): Promise<void> {
  await vi.waitFor(async () => expect(await search(url, query)).toContain(sessionId), { timeout: waitLimitMs })
}

function writeHermesHome(folder: string): string {
  mkdirSync(folder)
  const hermes = new HermesDb(join(folder, 'state.db'))
  const id = hermes.addSession('20260213_090000_d4e5f6', { title: 'Garden', started_at: 100 })
  hermes.addMessage(id, 101, { content: 'What can I plant in November?' })
  hermes.close()
  return id
}

describe.each(nodeVersions)('the server package on Node %s', (version, nodeFolder) => {
  let installed: InstalledPackage
  const segue = (...args: readonly string[]) => installed.run('npx', '--no-install', 'segue', ...args)

  beforeAll(() => {
    installed = new InstalledPackage(nodeFolder, [inject('tarballs').server])
  })

  afterAll(() => installed[Symbol.dispose]())

  test('runs on this version', async () => {
    expect((await installed.run('node', '--version')).stdout.trim()).toMatch(version)
  })

  test('has one copy of graphql', async () => {
    const { stdout } = await installed.run('npm', 'ls', 'graphql', '--parseable')
    const copies = stdout.split('\n').filter((path) => path.endsWith('/node_modules/graphql'))
    expect(new Set(copies).size).toBe(1)
  })

  test('prints its version and its help', async () => {
    const manifest = readFileSync(join(installed.folder, 'node_modules/segue/package.json'), 'utf8')
    const { version: packed } = z.object({ version: z.string() }).parse(JSON.parse(manifest))
    expect(await segue('--version')).toMatchObject({ code: 0, stdout: `${packed}\n` })
    expect(await segue('--help')).toMatchObject({ code: 0, stderr: expect.stringContaining('Usage: segue [flags]') })
  })

  test('starts with npx, chats, stops an answer, and exports and imports the conversation', async () => {
    const home = ['--home', join(installed.folder, 'home'), '--no-hermes']
    const otherHome = ['--home', join(installed.folder, 'other-home'), '--no-hermes']
    const sessionId = await stopAnAnswer(['--port', '0', '--offline-delay', '40', ...home])

    const exported = await segue('export', sessionId, '--output', 'garden.json', ...home)
    expect(exported).toMatchObject({ code: 0, stderr: expect.stringContaining('Exported') })
    expect(await segue('import', 'garden.json', ...otherHome)).toMatchObject({ code: 0 })
    const { stdout } = await segue('export', sessionId, '--output', '-', ...otherHome)
    expect(stdout).toBe(readFileSync(join(installed.folder, 'garden.json'), 'utf8'))
  })

  test('serves the web app to browsers', async () => {
    const flags = ['--port', '0', '--home', join(installed.folder, 'app'), '--no-hermes']
    await using server = await installed.start('npx', '--no-install', 'segue', ...flags)
    const page = await fetch(`${server.url}/`, { headers: { accept: 'text/html' } })
    const html = await page.text()
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1]
    const loaded = await fetch(server.url + String(script))
    expect([loaded.status, loaded.headers.get('content-type')]).toEqual([200, expect.stringContaining('javascript')])
    expect((await fetch(`${server.url}/manifest.webmanifest`)).status).toBe(200)
  })

  /** Returns the id of the session. */
  async function stopAnAnswer(flags: readonly string[]): Promise<string> {
    await using server = await installed.start('npx', '--no-install', 'segue', ...flags)
    const { sessionId, streamId } = await startChat(server.url, 'Who are you? Tell me all about yourself.')
    const follower = followOverEventStream(server.url, streamId)
    await vi.waitFor(() => expect(follower.joinText('TextDelta')).toMatch(/\w/), { timeout: waitLimitMs })
    const { outcome, message } = await cancel(server.url, streamId)
    expect(outcome).toBe('CANCELLED')
    await follower.waitForEnd()
    expect(message).toEqual({ status: 'PARTIAL', text: follower.joinText('TextDelta') })
    return sessionId
  }

  test('its worker threads read Hermes, search and render the playground, and SIGTERM ends it with status 0', async () => {
    const hermesHome = join(installed.folder, 'hermes')
    const hermesSession = writeHermesHome(hermesHome)
    const flags = ['--port', '0', '--home', join(installed.folder, 'hermes-reader'), '--hermes-home', hermesHome]
    await using server = await installed.start(join('node_modules', '.bin', 'segue'), ...flags)
    const { sessionId } = await startChat(server.url, 'Let us talk about compost.')
    await waitUntilFound(server.url, 'compost', sessionId)
    await waitUntilFound(server.url, 'November', hermesSession)
    const page = await fetch(`${server.url}/graphql`, { headers: { accept: 'text/html' } })
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('GraphiQL')
    expect(await server.stop()).toBe(0)
  })
})
