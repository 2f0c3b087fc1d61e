import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ScriptedTool, newTool, newToolSource } from '../support/fixtures/tools.ts'
import { HermesDb } from '../support/hermes/hermes-db.ts'
import { newTempFolder, startTestSegue, type TestSegue } from '../support/server/segue.ts'
import { toolCallSteps, StrictProvider } from '../support/providers/strict-provider.ts'
import { ask, requireNonNull, readUntil, expectRefusal, mutate } from './support/typed-client.ts'
import {
  cancelStream,
  type ChatEvent,
  followSession,
  isEventOfType,
  never,
  newSession,
  loadSession,
  startChat,
  streamChat,
  loadTranscript,
  streamToEnd,
} from './support/chat.ts'
import { type Client, connect } from './support/clients.ts'
import {
  AnswerApprovalDocument,
  CompactSessionDocument,
  ConversationsDocument,
  CreateProfileDocument,
  CreateSessionDocument,
  DeleteProfileDocument,
  DeleteSessionDocument,
  ForkSessionDocument,
  MessagesDocument,
  NodeDocument,
  ProfileDocument,
  ProfilesDocument,
  SearchDocument,
  SessionsDocument,
  UpdateSessionDocument,
} from './generated/graphql.ts'
import { newTestEnvironment } from './support/test-environment.ts'

const namesOf = async (client: Client) => (await ask(client, ProfilesDocument, {})).profiles.map(({ name }) => name)
const remove = async (client: Client, name: string) =>
  (await mutate(client, DeleteProfileDocument, { name })).deleteProfile
const profileOf = async (client: Client, name: string) =>
  requireNonNull((await ask(client, ProfileDocument, { name })).profile)

describe('Profiles', () => {
  test('are only default at first; another name reads as an empty profile and is not created', async () => {
    await using environment = await newTestEnvironment('sse')
    const { client, segue } = environment
    expect(await namesOf(client)).toEqual(['default'])
    const page = {
      edges: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    }
    expect(await profileOf(client, 'work')).toEqual({
      id: 'prf_work',
      name: 'work',
      isDefault: false,
      instructions: null,
      allowedTools: [],
      models: [{ id: 'mdl_work:offline/eliza', isDefault: true }],
      sessions: page,
    })
    expect((await ask(client, SessionsDocument, { profile: 'work' })).sessions).toEqual(page)
    expect(existsSync(join(segue.home, 'profiles'))).toBe(false)
    expect(await namesOf(client)).toEqual(['default'])
  })

  test('are created once, by createProfile or by the first write', async () => {
    await using environment = await newTestEnvironment('sse')
    const { client } = environment
    const { createSession } = await mutate(client, CreateSessionDocument, { profile: 'work' })
    expect(createSession.profile).toMatchObject({ name: 'work', isDefault: false })
    const { end } = await streamToEnd(client, { profile: 'play', text: 'Hello' })
    expect((await loadSession(client, end.sessionId)).profile.name).toBe('play')
    const { createProfile } = await mutate(client, CreateProfileDocument, { name: 'empty' })
    expect(createProfile).toEqual({ id: 'prf_empty', name: 'empty', isDefault: false, instructions: null })
    expect(await namesOf(client)).toEqual(['default', 'empty', 'play', 'work'])
    const taken = { code: 'BAD_USER_INPUT', path: ['name'] }
    for (const name of ['empty', 'work', 'default']) {
      expect(await expectRefusal(client, CreateProfileDocument, { name })).toMatchObject(taken)
    }
    expect((await ask(client, SessionsDocument, {})).sessions.edges).toEqual([])
  })

  test('are moved to the trash when they are deleted, if they are idle, and can be created again', async () => {
    await using environment = await newTestEnvironment('sse')
    const { client, segue } = environment
    const { end } = await streamToEnd(client, { profile: 'work', text: 'Hello' })
    await using following = environment.connect('sse')
    const events = followSession(following, end.sessionId)
    await readUntil(events, isEventOfType('StreamFinished'))
    expect(await remove(client, 'work')).toBe('prf_work')
    const rest: ChatEvent[] = []
    for await (const event of events) rest.push(event)
    expect(rest).toEqual([])
    expect(await namesOf(client)).toEqual(['default'])
    expect((await ask(client, NodeDocument, { id: end.sessionId })).node).toBeNull()
    expect(await expectRefusal(client, DeleteSessionDocument, { id: end.sessionId })).toMatchObject({
      code: 'NOT_FOUND',
    })
    expect(await expectRefusal(client, DeleteProfileDocument, { name: 'work' })).toMatchObject({ code: 'NOT_FOUND' })
    expect(await expectRefusal(client, DeleteProfileDocument, { name: 'default' })).toMatchObject({
      code: 'BAD_USER_INPUT',
    })
    const [aside = ''] = readdirSync(join(segue.home, 'profiles', '.deleted'))
    expect(readdirSync(join(segue.home, 'profiles', '.deleted', aside))).toContain('segue.db')

    await mutate(client, CreateSessionDocument, { profile: 'work' })
    expect((await profileOf(client, 'work')).sessions.edges).toHaveLength(1)
    expect(segue.warnings).toEqual([])
  })

  test('cannot be deleted while a stream waits for a user: the error is SESSION_BUSY', async () => {
    await using environment = await newTestEnvironment('sse')
    const { client } = environment
    const busy = { code: 'SESSION_BUSY' }
    const { id } = await startChat(client, { profile: 'work', text: '/ask Which one?', model: 'offline/eliza' })
    expect(await expectRefusal(client, DeleteProfileDocument, { name: 'work' })).toMatchObject(busy)
    await cancelStream(client, id)
    expect(await remove(client, 'work')).toBe('prf_work')
  })

  test('cannot be deleted while a session is compacted: the error is SESSION_BUSY', async () => {
    await using environment = await newTestEnvironment('http')
    const { client, provider, segue } = environment
    const workProvider = { type: 'openai-compatible', baseURL: provider.baseURL, models: ['test'] }
    mkdirSync(join(segue.home, 'profiles', 'work'), { recursive: true })
    writeFileSync(
      join(segue.home, 'profiles', 'work', 'config.json'),
      JSON.stringify({ providers: { own: workProvider } }),
    )
    const { end } = await streamToEnd(client, { profile: 'work', text: 'Hello', model: 'offline/eliza' })
    const held = Promise.withResolvers<void>()
    await mutate(client, UpdateSessionDocument, { id: end.sessionId, model: 'own/test' })
    provider.enqueue([{ wait: held.promise }, { text: 'A summary.' }, { finish: 'stop' }])
    const compacting = mutate(client, CompactSessionDocument, { id: end.sessionId })
    await provider.waitForRequest(0)
    await using other = environment.connect('http')
    expect(await expectRefusal(other, DeleteProfileDocument, { name: 'work' })).toMatchObject({ code: 'SESSION_BUSY' })
    held.resolve()
    await compacting
    expect(await remove(other, 'work')).toBe('prf_work')
  })
})

describe('Profiles of a Hermes agent', () => {
  let segue: TestSegue
  let client: Client
  let hermesHome: string
  const agents: HermesDb[] = []

  beforeAll(async () => {
    hermesHome = newTempFolder()
    for (const folder of ['', 'profiles/work', 'profiles/play']) {
      mkdirSync(join(hermesHome, folder), { recursive: true })
      const db = new HermesDb(join(hermesHome, folder, 'state.db'))
      db.addSession('first', { title: `First in ${folder}`, end_reason: 'compression' })
      db.addMessage('first', 2, { content: `Said in ${folder}` })
      db.addSession('second', { parent_session_id: 'first', end_reason: 'cli_close', started_at: 3 })
      db.addMessage('second', 4, { content: `Then in ${folder}` })
      agents.push(db)
    }
    segue = await startTestSegue({ settings: { hermesHome } })
    client = connect('http', segue.url)
  })

  afterAll(async () => {
    await client[Symbol.asyncDispose]()
    await segue[Symbol.asyncDispose]()
    for (const db of agents) db.close()
    rmSync(hermesHome, { recursive: true, force: true })
  })

  test('are listed and read, and their ids start with the name of the profile', async () => {
    expect(await namesOf(client)).toEqual(['default', 'play', 'work'])
    for (const [name, prefix, folder] of [
      ['default', '', ''],
      ['work', 'work@', 'profiles/work'],
      ['play', 'play@', 'profiles/play'],
    ] as const) {
      const { edges } = (await ask(client, SessionsDocument, { profile: name })).sessions
      expect(edges.map(({ node }) => node.id)).toEqual([`${prefix}second`, `${prefix}first`])
      const second = await loadSession(client, `${prefix}second`)
      expect(second).toMatchObject({
        origin: 'HERMES',
        profile: { name },
        parent: { id: `${prefix}first` },
        lineageRoot: { id: `${prefix}first` },
        segmentCount: 2,
        messageCount: 1,
      })
      const { session } = await ask(client, MessagesDocument, { sessionId: `${prefix}second` })
      const [message] = requireNonNull(session).messages.edges.map(({ node }) => node)
      expect(message).toMatchObject({ id: `${prefix}second:2`, text: `Then in ${folder}` })
      expect((await ask(client, NodeDocument, { id: `${prefix}second:2` })).node).toMatchObject({ id: message?.id })
    }
    expect(readdirSync(segue.home).filter((name) => name === 'profiles')).toEqual([])
  })

  test('can be continued and forked only in the same profile, which that creates', async () => {
    const variables = { profile: 'work', continues: 'work@second' }
    const { createSession: next } = await mutate(client, CreateSessionDocument, variables)
    expect(next).toMatchObject({ profile: { name: 'work' }, lineageRoot: { id: 'work@first' }, segmentCount: 3 })
    expect(JSON.stringify(next.modelContext)).toContain('Then in profiles/work')
    const { end } = await streamToEnd(client, { sessionId: next.id, text: 'Go on' })
    expect(await loadTranscript(client, end.sessionId)).toHaveLength(2)
    // One conversation, whose sessions are in both databases, under public ids.
    const listed = async (filter: object) => (await ask(client, ConversationsDocument, filter)).conversations.edges
    const all = await listed({ profile: 'work' })
    expect(all.map(({ node }) => node)).toMatchObject([
      {
        id: 'cnv_work@first',
        root: { id: 'work@first' },
        segments: [{ id: 'work@first' }, { id: 'work@second' }, { id: next.id }],
        segmentCount: 3,
      },
    ])
    expect(await listed({ profile: 'work', ids: ['work@second'] })).toEqual(all)
    expect((await ask(client, NodeDocument, { id: 'cnv_work@first' })).node).toMatchObject({ id: 'cnv_work@first' })
    const { forkSession: fork } = await mutate(client, ForkSessionDocument, { messageId: 'play@second:2' })
    expect(fork).toMatchObject({ profile: { name: 'play' }, forkedFrom: { id: 'play@second:2' } })
    for (const [profile, continues] of [
      [null, 'work@second'],
      ['play', 'work@second'],
      ['work', 'second'],
    ]) {
      expect(await expectRefusal(client, CreateSessionDocument, { profile, continues })).toMatchObject({
        code: 'BAD_USER_INPUT',
        path: ['input', 'continues'],
      })
    }
  })

  test('can be searched in the same profile, and hits have the public ids', async () => {
    for (const [profile, prefix] of [
      ['default', ''],
      ['play', 'play@'],
    ]) {
      const search = async (filter: object) =>
        requireNonNull((await ask(client, SearchDocument, { query: 'then', profile, ...filter })).search).edges.map(
          ({ node }) => node,
        )
      const hits = await search({ origin: 'HERMES' })
      expect(hits).toMatchObject([{ session: { id: `${prefix}second` }, message: { id: `${prefix}second:2` } }])
      expect(await search({ ids: [`${prefix}second`] })).toEqual(hits)
      expect(await search({ ids: [`${prefix}first`] })).toEqual([])
    }
  })

  test('are read-only: deleting one deletes only what Segue stored', async () => {
    await mutate(client, CreateSessionDocument, { profile: 'work' })
    expect(await remove(client, 'work')).toBe('prf_work')
    expect(await namesOf(client)).toContain('work')
    expect(await expectRefusal(client, DeleteProfileDocument, { name: 'work' })).toMatchObject({
      code: 'BAD_USER_INPUT',
    })
    expect((await profileOf(client, 'work')).sessions.edges).toHaveLength(2)
  })
})

describe('Two profiles at the same time', () => {
  const names = ['alpha', 'beta'] as const
  const env = { ALPHA_KEY: 'sk-alpha-1111', BETA_KEY: 'sk-beta-2222', OPENAI_API_KEY: 'sk-nobody-3333' }
  const keyOf = { alpha: env.ALPHA_KEY, beta: env.BETA_KEY }
  const files = [{ name: 'a.txt', mediaType: 'text/plain', url: 'data:,The%20same' }]

  async function newPair() {
    await using disposables = new AsyncDisposableStack()
    const home = disposables.adopt(newTempFolder(), (folder) => rmSync(folder, { recursive: true, force: true }))
    const providers = { alpha: await start('alpha'), beta: await start('beta') }
    async function start(name: (typeof names)[number]): Promise<StrictProvider> {
      const provider = disposables.use(await StrictProvider.start({ apiKey: keyOf[name], models: [`only-${name}`] }))
      mkdirSync(join(home, 'profiles', name), { recursive: true })
      const ownProvider = {
        type: 'openai-compatible',
        baseURL: provider.baseURL,
        apiKeyEnv: `${name.toUpperCase()}_KEY`,
      }
      writeFileSync(
        join(home, 'profiles', name, 'config.json'),
        JSON.stringify({ providers: { own: ownProvider }, titles: false }),
      )
      return provider
    }
    const tools = new Map<string, ScriptedTool>(
      names.map((name) => [name, newTool({ execute: async () => `by ${name}` })]),
    )
    const toolsOf = (profile: string) => newToolSource(...[tools.get(profile) ?? []].flat())
    const segue = disposables.use(await startTestSegue({ settings: { home }, env, createToolSource: toolsOf }))
    const client = disposables.use(connect('webSocket', segue.url))
    const owned = disposables.move()
    return { segue, client, providers, tools, [Symbol.asyncDispose]: () => owned.disposeAsync() }
  }

  test('share no credentials, models, tools, approvals, keys or files', async () => {
    await using pair = await newPair()
    const { segue, client, providers, tools } = pair
    for (const name of names) {
      expect((await profileOf(client, name)).models.map(({ id }) => id)).toEqual([
        `mdl_${name}:own/only-${name}`,
        `mdl_${name}:offline/eliza`,
      ])
      providers[name].enqueue(toolCallSteps({ name: 'files__write', input: { for: name } }))
      providers[name].defaultAnswer = () => `Done in ${name}.`
    }
    // The same message, key and file in both profiles, answered at the same time.
    const send = (profile: string) => streamChat(client, { profile, text: 'Write.', key: 'the same', files })
    const running = names.map((name) => ({ name, events: send(name) }))
    const waiting = await Promise.all(
      running.map(async ({ name, events }) => ({
        name,
        events,
        last: (await readUntil(events, isEventOfType('ApprovalChanged'))).last,
      })),
    )
    for (const { events, last, name } of waiting) {
      const decision = name === 'alpha' ? 'ALWAYS' : 'ONCE'
      await mutate(client, AnswerApprovalDocument, { id: last.approval.id, decision })
      const { last: end } = await readUntil(events, isEventOfType('StreamFinished'))
      expect(end.message?.text).toBe(`Done in ${name}.`)
    }
    expect(new Set(waiting.map(({ last }) => last.streamId)).size).toBe(2)

    for (const [name, other] of [names, names.toReversed()]) {
      if (!name || !other) throw new Error('There are not two profiles.')
      const { requests, rejections: refusals } = providers[name]
      expect(refusals).toEqual([])
      expect(requests.map(({ headers }) => headers.authorization)).toEqual(Array(2).fill(`Bearer ${keyOf[name]}`))
      expect(JSON.stringify(requests.map(({ body, headers }) => [body, headers]))).not.toMatch(
        new RegExp(`by ${other}|"${other}"|${keyOf[other]}|${env.OPENAI_API_KEY}`),
      )
      expect(tools.get(name)?.runs).toEqual([{ for: name }])
      expect((await profileOf(client, name)).allowedTools).toEqual(name === 'alpha' ? ['files__write'] : [])
    }

    // A tool that is always allowed in alpha still asks in beta.
    providers.alpha.enqueue(toolCallSteps({ name: 'files__write', input: { for: 'again' } }))
    await streamToEnd(client, { profile: 'alpha', text: 'Again.' })
    providers.beta.enqueue(toolCallSteps({ name: 'files__write', input: { for: 'again' } }))
    const again = streamChat(client, { profile: 'beta', text: 'Again.' })
    expect((await readUntil(again, isEventOfType('ApprovalChanged'))).last.state).toBe('PENDING')
    expect(tools.get('alpha')?.runs).toHaveLength(2)
    expect(tools.get('beta')?.runs).toHaveLength(1)
    const [fileNames] = names.map((name) => readdirSync(join(segue.home, 'profiles', name, 'files')))
    expect(fileNames).toEqual(readdirSync(join(segue.home, 'profiles', 'beta', 'files')))
    expect(existsSync(join(segue.home, 'files'))).toBe(false)
    expect(segue.warnings).toEqual([])
  })

  test('run, are cancelled and are deleted independently', async () => {
    await using pair = await newPair()
    const { client, providers } = pair
    for (const name of names) providers[name].enqueue([{ text: `Half in ${name}` }, { wait: never }])
    const running = await Promise.all(
      names.map(
        async (profile) =>
          (await readUntil(streamChat(client, { profile, text: 'Hello' }), isEventOfType('TextDelta'))).last,
      ),
    )
    const [alpha, beta] = running.map(({ streamId }) => requireNonNull(streamId))
    expect((await cancelStream(client, requireNonNull(alpha))).message?.text).toBe('Half in alpha')
    expect(await remove(client, 'alpha')).toBe('prf_alpha')
    expect(await expectRefusal(client, DeleteProfileDocument, { name: 'beta' })).toMatchObject({ code: 'SESSION_BUSY' })
    expect((await cancelStream(client, requireNonNull(beta))).message?.text).toBe('Half in beta')
    await newSession(client)
    expect(await namesOf(client)).toEqual(['default', 'beta'])
  })
})
