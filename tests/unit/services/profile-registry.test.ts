import { noTrustedDocuments } from '../../../src/config/http/trusted-documents.ts'
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { defaultLimits } from '../../../src/config/limits.ts'
import { SettingsError } from '../../../src/config/settings-error.ts'
import type { Settings } from '../../../src/config/settings.ts'
import { MutableLiveValue } from '../../../src/config/reload/live-value.ts'
import { ProfileRegistry, type ProfileRegistryOptions } from '../../../src/services/profile-registry.ts'
import { newChatRequest } from '../../support/fixtures/chat-request.ts'
import { HermesDb } from '../../support/hermes/hermes-db.ts'
import { localAccess } from '../../support/config/local-access.ts'
import { newTempFolder } from '../../support/server/segue.ts'

let root: string
let home: string
let hermesHome: string
let logged: string[]
const registries: ProfileRegistry[] = []

beforeEach(() => {
  root = newTempFolder()
  home = join(root, 'home')
  hermesHome = join(root, 'hermes')
  mkdirSync(home)
  logged = []
})

afterEach(async () => {
  vi.useRealTimers()
  for (const registry of registries.splice(0)) await registry.close()
  rmSync(root, { recursive: true, force: true })
})

async function loadRegistry(options: Partial<ProfileRegistryOptions> = {}): Promise<ProfileRegistry> {
  const settings = {
    ...localAccess,
    ...{ port: 0, home, hermesHome, model: null },
    ...{ providers: [], mcpServers: [], approvals: {}, prices: {}, currency: 'USD' },
    ...{ budgets: { answer: null, day: null } },
    ...{
      generateTitles: false,
      offersClarify: true,
      autoCompactThreshold: 0,
      database: null,
      durable: false,
      logLevel: 'warn' as const,
      graceMs: 0,
      trustedDocuments: noTrustedDocuments,
      offlineDelayMs: 60_000,
      limits: defaultLimits,
      warnings: [],
    },
  }
  const log = pino({ level: 'warn', base: null }, { write: (line: string) => void logged.push(line) })
  const registry = await ProfileRegistry.load({
    settings: new MutableLiveValue<Settings>(settings),
    log,
    env: {},
    ...options,
  })
  registries.push(registry)
  return registry
}

const toFolder = (name: string): string => join(home, 'profiles', name)

function writeConfig(name: string, config: unknown): void {
  mkdirSync(toFolder(name), { recursive: true })
  writeFileSync(join(toFolder(name), 'config.json'), typeof config === 'string' ? config : JSON.stringify(config))
}

/** Creates the state.db of a profile's Hermes agent, with one session. */
function addHermesProfile(name: string): void {
  const folder = join(hermesHome, 'profiles', name)
  mkdirSync(folder, { recursive: true })
  const db = new HermesDb(join(folder, 'state.db'))
  db.addSession('hermes-session')
  db.close()
}

/** Runs a task after this many microtasks. */
async function runAfter<T>(microtasks: number, task: () => Promise<T>): Promise<T> {
  for (let count = 0; count < microtasks; count += 1) await Promise.resolve()
  return task()
}

const session = { title: null, model: null, continues: null }

describe('reading', () => {
  test('creates no files in a profile that does not exist, is empty, or belongs to Hermes', async () => {
    mkdirSync(toFolder('empty'), { recursive: true })
    addHermesProfile('alone')
    const before = readdirSync(root, { recursive: true }).toSorted()
    const registry = await loadRegistry()
    expect(await registry.listNames()).toEqual(['default', 'alone', 'empty'])
    expect(await registry.find('nobody')).toBeNull()
    for (const { sessions, chats, models, profile } of await registry.openAll()) {
      expect(await sessions.listPage({ after: null, before: null, limit: 10, backwards: false }, {})).toHaveLength(
        profile.name === 'alone' ? 1 : 0,
      )
      expect(await sessions.find('ses_00000000000000000000000000')).toBeNull()
      expect(await chats.decisions.list('approval', {})).toEqual([])
      expect((await models.list()).map(({ id }) => id)).toEqual(['offline/eliza'])
      await profile.blobs.get('0'.repeat(64))
    }
    // A subscription to a profile that does not exist.
    const follower = (await registry.open('nobody')).chats.decisions.subscribe('approval')
    const next = follower.next()
    await follower.return?.()
    await next
    await registry.close()
    // The index of the Hermes database is stored in a folder that exists, but does not create one. So is the home's first start.
    const knownFiles = ['home/first-start.json', 'home/hermes-index.db', 'home/profiles/empty/hermes-index.db']
    const withoutSideFiles = (names: string[]) =>
      names.filter((name) => !/state\.db-(wal|shm)$/.test(name) && !knownFiles.some((path) => name.startsWith(path)))
    expect(withoutSideFiles(readdirSync(root, { recursive: true, encoding: 'utf8' }).toSorted())).toEqual(before)
  })

  test('works before the first write, which creates the profile', async () => {
    addHermesProfile('alone')
    const registry = await loadRegistry()
    for (const name of ['work', 'alone']) {
      await (await registry.open(name)).sessions.create(session)
      expect(readdirSync(toFolder(name))).toContain('segue.db')
    }
    expect(await registry.listNames()).toEqual(['default', 'alone', 'work'])
  })

  test('finds a profile as soon as it is created', async () => {
    const registry = await loadRegistry()
    expect(await registry.find('work')).toBeNull()
    const work = await registry.open('work')
    expect(await registry.find('work')).toBeNull()
    await work.sessions.create(session)
    expect(await registry.find('work')).toBe(work)
    expect(await registry.openAll()).toContain(work)
    await registry.create('empty')
    expect(await registry.find('empty')).not.toBeNull()
  })
})

describe('a profile that cannot be opened', () => {
  const misconfigured: [string, () => void][] = [
    ['settings that are not JSON', () => writeConfig('work', '{')],
    ['settings of the server', () => writeConfig('work', { port: 1 })],
    ['a model without a provider', () => writeConfig('work', { model: 'openai/gpt-5.1' })],
  ]

  function breakDatabase(): void {
    mkdirSync(toFolder('work'), { recursive: true })
    writeFileSync(join(toFolder('work'), 'segue.db'), 'this is not a database, however long it may be')
  }

  test.each(misconfigured)('because of %s keeps the server from starting', async (_, breakProfile) => {
    breakProfile()
    await expect(loadRegistry()).rejects.toBeInstanceOf(SettingsError)
    await expect(loadRegistry()).rejects.toThrow(toFolder('work'))
    expect(logged).toEqual([])
  })

  test('because of a file that is not a database is left out at the start', async () => {
    breakDatabase()
    const registry = await loadRegistry()
    expect(registry.readiness).toMatchObject({ isReady: true, problems: [{ component: 'storage:work' }] })
    expect(logged).toEqual([expect.stringContaining(toFolder('work'))])
    await expect(registry.open('work')).rejects.toMatchObject({ code: 'STORAGE' })
    expect((await registry.openAll()).map(({ profile }) => profile.name)).toEqual(['default'])
  })

  const broken = [...misconfigured, ['a file that is not a database', () => breakDatabase()] as const]

  test.each(broken)('because of %s leaves the others usable, and can be repaired', async (_, breakProfile) => {
    const registry = await loadRegistry()
    const play = await registry.open('play')
    await play.sessions.create(session)
    breakProfile()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await expect(registry.open('work')).rejects.toMatchObject({ message: /cannot be opened/ })
    }
    expect((await registry.openAll()).map(({ profile }) => profile.name)).toEqual(['default', 'play'])
    expect(logged).toHaveLength(1)
    expect(logged[0]).toContain(toFolder('work'))

    rmSync(toFolder('work'), { recursive: true })
    await vi.advanceTimersByTimeAsync(10_000)
    expect((await registry.open('work')).profile.name).toBe('work')
  })

  test('can be deleted', async () => {
    const registry = await loadRegistry()
    writeConfig('work', '{')
    await expect(registry.open('work')).rejects.toMatchObject({ code: 'INTERNAL' })
    await registry.delete('work')
    expect(existsSync(toFolder('work'))).toBe(false)
    expect((await registry.open('work')).profile.name).toBe('work')
  })

  test('because a link is at its path is refused, and nothing is written to the target of the link', async () => {
    const outside = join(root, 'outside')
    mkdirSync(outside)
    mkdirSync(join(home, 'profiles'))
    symlinkSync(outside, toFolder('work'))
    const registry = await loadRegistry()
    expect(await registry.listNames()).toEqual(['default'])
    await expect(registry.open('work')).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    await expect(registry.delete('work')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(readdirSync(outside)).toEqual([])
  })
})

describe('the settings of a profile', () => {
  test('are its own: it inherits nothing from the default profile or the environment', async () => {
    writeConfig('work', {
      providers: { own: { type: 'openai', apiKeyEnv: 'WORK_KEY', models: ['a'] } },
      mcpServers: { files: { command: 'files', env: { TOKEN: '${WORK_KEY}' } } },
      approvals: { '*': 'deny' },
      compactAt: 0.5,
    })
    mkdirSync(toFolder('bare'), { recursive: true })
    const env = { OPENAI_API_KEY: 'sk-env', ANTHROPIC_API_KEY: 'sk-ant', WORK_KEY: 'sk-work', PATH: '/bin' }
    const registry = await loadRegistry({ env })
    const ids = async (name: string) => (await (await registry.open(name)).models.list()).map(({ id }) => id)
    expect(await ids('work')).toEqual(['own/a', 'offline/eliza'])
    expect(await ids('bare')).toEqual(['offline/eliza'])
    expect(await ids('nobody')).toEqual(['offline/eliza'])
  })
})

describe('a lease of a profile', () => {
  test('closes a profile that was never written to when the last lease is disposed of', async () => {
    const registry = await loadRegistry()
    const leases = await Promise.all([registry.acquire('work'), registry.acquire('work')])
    expect(registry.openCount).toBe(2)
    const [first, second] = leases
    expect(first.services).toBe(second.services)
    const next = first.services.chats.decisions.subscribe('approval').next()
    first[Symbol.dispose]()
    first[Symbol.dispose]()
    expect(registry.openCount).toBe(2)
    second[Symbol.dispose]()
    await expect.poll(() => registry.openCount).toBe(1)
    expect(await next).toEqual({ done: true, value: undefined })
  })

  test('keeps a profile open that was written to', async () => {
    const registry = await loadRegistry()
    const lease = await registry.acquire('work')
    const { id } = await lease.services.sessions.create(session)
    lease[Symbol.dispose]()
    expect(registry.openCount).toBe(2)
    expect(await lease.services.sessions.find(id)).not.toBeNull()
  })

  test('keeps a profile open that is acquired again at once', async () => {
    const registry = await loadRegistry()
    const first = await registry.acquire('work')
    first[Symbol.dispose]()
    using second = await registry.acquire('work')
    await second.services.sessions.create(session)
    expect(await registry.find('work')).toBe(second.services)
  })

  test('opens the profile again while the old services are closing', async () => {
    const registry = await loadRegistry()
    const first = await registry.acquire('work')
    first[Symbol.dispose]()
    await expect.poll(() => registry.openCount).toBe(1)
    using second = await registry.acquire('work')
    expect(second.services).not.toBe(first.services)
    await second.services.sessions.create(session)
    expect(await registry.find('work')).toBe(second.services)
  })
})

describe('a deleted profile', () => {
  test('is gone for lookups, subscribers and holders of its services, and its name can be used again', async () => {
    const registry = await loadRegistry()
    const work = await registry.open('work')
    const { id } = await work.sessions.create(session)
    const following = (await work.chats.subscriptions.subscribeToSession(id, 0)).next()
    const deciding = work.chats.decisions.subscribe('approval').next()
    await registry.delete('work')
    expect(await Promise.all([following, deciding])).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ])
    expect(await registry.find('work')).toBeNull()
    expect(await registry.listNames()).toEqual(['default'])
    const notFound = { code: 'NOT_FOUND' }
    await expect(work.chats.start(newChatRequest({ text: 'Hi' }))).rejects.toMatchObject(notFound)
    await expect(work.sessions.create(session)).rejects.toMatchObject(notFound)
    await expect(work.sessions.find(id)).rejects.toMatchObject(notFound)
    expect(existsSync(toFolder('work'))).toBe(false)

    const recreated = await registry.open('work')
    expect(await recreated.sessions.find(id)).toBeNull()
    await recreated.sessions.create(session)
    expect(existsSync(join(toFolder('work'), 'segue.db'))).toBe(true)
    expect(readdirSync(join(home, 'profiles', '.deleted'))).toHaveLength(1)
  })

  test('is deleted once by concurrent calls', async () => {
    const registry = await loadRegistry()
    await registry.create('work')
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => registry.delete('work')))
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', ...Array(4).fill('rejected')])
    for (const one of results) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'NOT_FOUND' })
    expect(readdirSync(join(home, 'profiles', '.deleted'))).toHaveLength(1)
  })

  test('and a start in it exclude each other, whatever their timing', async () => {
    const registry = await loadRegistry()
    const outcomes = new Set<string>()
    for (let lead = -8; lead <= 8; lead += 1) {
      await registry.create('work')
      const { chats, profile } = await registry.open('work')
      const [started, deleted] = await Promise.allSettled([
        runAfter(-lead, () => chats.start(newChatRequest({ text: 'Hi' }))),
        runAfter(lead, () => registry.delete('work')),
      ])
      outcomes.add(`${started.status} ${deleted.status}`)
      if (started.status === 'rejected') expect(started.reason).toMatchObject({ code: 'NOT_FOUND' })
      if (deleted.status === 'fulfilled') continue
      expect(deleted.reason).toMatchObject({ code: 'SESSION_BUSY' })
      for (const { id } of await profile.eventStore.listUnfinishedStreams()) await chats.cancel(id)
      await registry.delete('work')
    }
    expect([...outcomes].toSorted()).toEqual(['fulfilled rejected', 'rejected fulfilled'])
  })

  test('is refused while the server is stopping', async () => {
    const registry = await loadRegistry()
    await registry.create('work')
    await registry.stopChats()
    await expect(registry.delete('work')).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
    await expect(registry.create('play')).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
    await expect(registry.open('other')).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
  })
})
