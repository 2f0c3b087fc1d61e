import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { defaultLimits } from '../../../src/config/limits.ts'
import { SettingsError } from '../../../src/config/settings-error.ts'
import { ProfileRegistry, type ProfileRegistryOptions } from '../../../src/services/profile-registry.ts'
import { newChatRequest } from '../../support/fixtures/chat-request.ts'
import { HermesDb } from '../../support/hermes/hermes-db.ts'
import { newTempFolder } from '../../support/server/segue.ts'
import { DatabaseUnusableError } from '../../../src/storage/errors.ts'

let root: string
let home: string
let hermesHome: string
let logged: string[]
const open: ProfileRegistry[] = []

beforeEach(() => {
  root = newTempFolder()
  home = join(root, 'home')
  hermesHome = join(root, 'hermes')
  mkdirSync(home)
  logged = []
})

afterEach(async () => {
  vi.useRealTimers()
  for (const domains of open.splice(0)) await domains.close()
  rmSync(root, { recursive: true, force: true })
})

async function openDomains(options: Partial<ProfileRegistryOptions> = {}): Promise<ProfileRegistry> {
  const settings = {
    ...{ port: 0, host: '127.0.0.1', home, hermesHome, model: null, providers: [], mcpServers: [], approvals: {} },
    ...{
      generateTitles: false,
      autoCompactThreshold: 0,
      durable: false,
      offlineDelayMs: 60_000,
      limits: defaultLimits,
      warnings: [],
    },
  }
  const log = pino({ level: 'warn', base: null }, { write: (line: string) => void logged.push(line) })
  const domains = await ProfileRegistry.load({ settings, log, env: {}, ...options })
  open.push(domains)
  return domains
}

const folderOf = (name: string): string => join(home, 'profiles', name)

function configure(name: string, config: unknown): void {
  mkdirSync(folderOf(name), { recursive: true })
  writeFileSync(join(folderOf(name), 'config.json'), typeof config === 'string' ? config : JSON.stringify(config))
}

/** The state.db of a profile's Hermes agent, with one session. */
function fillHermes(name: string): void {
  const folder = join(hermesHome, 'profiles', name)
  mkdirSync(folder, { recursive: true })
  const db = new HermesDb(join(folder, 'state.db'))
  db.addSession('theirs')
  db.close()
}

/** Does it a little later: after so many turns of what was promised already. */
async function after<T>(turns: number, work: () => Promise<T>): Promise<T> {
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
  return work()
}

const session = { title: null, model: null, continues: null }

describe('reading', () => {
  test('makes nothing, in a profile of which there is nothing, that is empty, or that is of Hermes alone', async () => {
    mkdirSync(folderOf('empty'), { recursive: true })
    fillHermes('alone')
    const before = readdirSync(root, { recursive: true }).toSorted()
    const domains = await openDomains()
    expect(await domains.listNames()).toEqual(['default', 'alone', 'empty'])
    expect(await domains.find('nobody')).toBeNull()
    for (const { sessions, chats, models, profile } of await domains.openAll()) {
      expect(await sessions.listPage({ after: null, before: null, limit: 10, backwards: false }, {})).toHaveLength(
        profile.name === 'alone' ? 1 : 0,
      )
      expect(await sessions.find('ses_00000000000000000000000000')).toBeNull()
      expect(await chats.decisions.list('approval', {})).toEqual([])
      expect((await models.list()).map(({ id }) => id)).toEqual(['offline/eliza'])
      await profile.blobs.get('0'.repeat(64))
    }
    // One that is followed before there is anything of it.
    const follower = (await domains.open('nobody')).chats.decisions.subscribe('approval')
    const next = follower.next()
    await follower.return?.()
    await next
    await domains.close()
    // The index of Hermes' file may be kept where there is a folder already; it makes none.
    const index = ['home/hermes-index.db', 'home/profiles/empty/hermes-index.db']
    const sqlites = (names: string[]) =>
      names.filter((name) => !/state\.db-(wal|shm)$/.test(name) && !index.some((path) => name.startsWith(path)))
    expect(sqlites(readdirSync(root, { recursive: true, encoding: 'utf8' }).toSorted())).toEqual(before)
  })

  test('is what the first write makes a profile for', async () => {
    fillHermes('alone')
    const domains = await openDomains()
    for (const name of ['work', 'alone']) {
      await (await domains.open(name)).sessions.create(session)
      expect(readdirSync(folderOf(name))).toContain('segue.db')
    }
    expect(await domains.listNames()).toEqual(['default', 'alone', 'work'])
  })

  test('finds at once what was made a moment ago, by whomever', async () => {
    const domains = await openDomains()
    expect(await domains.find('work')).toBeNull()
    const made = await domains.open('work')
    expect(await domains.find('work')).toBeNull()
    await made.sessions.create(session)
    expect(await domains.find('work')).toBe(made)
    expect(await domains.openAll()).toContain(made)
    await domains.create('empty')
    expect(await domains.find('empty')).not.toBeNull()
  })
})

describe('a profile that cannot be opened', () => {
  const broken: [string, () => void, object][] = [
    ['settings that are no JSON', () => configure('work', '{'), SettingsError],
    ['settings of the server', () => configure('work', { port: 1 }), SettingsError],
    ['a model of no provider', () => configure('work', { model: 'openai/gpt-5.1' }), SettingsError],
    ['a database that is none', () => breakDatabase(), DatabaseUnusableError],
  ]

  function breakDatabase(): void {
    mkdirSync(folderOf('work'), { recursive: true })
    writeFileSync(join(folderOf('work'), 'segue.db'), 'this is no database, however long it may be')
  }

  test.each(broken)('for %s is a reason not to start', async (_, spoil, error) => {
    spoil()
    await expect(openDomains()).rejects.toBeInstanceOf(error)
    await expect(openDomains()).rejects.toThrow(folderOf('work'))
    expect(logged).toEqual([])
  })

  test.each(broken)('for %s costs itself alone once others run, until it is mended', async (_, spoil) => {
    const domains = await openDomains()
    const play = await domains.open('play')
    await play.sessions.create(session)
    spoil()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await expect(domains.open('work')).rejects.toMatchObject({ code: 'INTERNAL', message: /cannot be opened/ })
    }
    expect((await domains.openAll()).map(({ profile }) => profile.name)).toEqual(['default', 'play'])
    expect(logged).toHaveLength(1)
    expect(logged[0]).toContain(folderOf('work'))

    rmSync(folderOf('work'), { recursive: true })
    await vi.advanceTimersByTimeAsync(10_000)
    expect((await domains.open('work')).profile.name).toBe('work')
  })

  test('can be deleted', async () => {
    const domains = await openDomains()
    configure('work', '{')
    await expect(domains.open('work')).rejects.toMatchObject({ code: 'INTERNAL' })
    await domains.delete('work')
    expect(existsSync(folderOf('work'))).toBe(false)
    expect((await domains.open('work')).profile.name).toBe('work')
  })

  test('because a link lies in its place is refused, and nothing is written where that leads', async () => {
    const elsewhere = join(root, 'elsewhere')
    mkdirSync(elsewhere)
    mkdirSync(join(home, 'profiles'))
    symlinkSync(elsewhere, folderOf('work'))
    const domains = await openDomains()
    expect(await domains.listNames()).toEqual(['default'])
    await expect(domains.open('work')).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    await expect(domains.delete('work')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(readdirSync(elsewhere)).toEqual([])
  })
})

describe('settings', () => {
  test("are a profile's own: nothing of the default one's or of the environment reaches it unless it says so", async () => {
    configure('work', {
      providers: { own: { type: 'openai', apiKeyEnv: 'WORK_KEY', models: ['a'] } },
      mcpServers: { files: { command: 'files', env: { TOKEN: '${WORK_KEY}' } } },
      approvals: { '*': 'deny' },
      compactAt: 0.5,
    })
    mkdirSync(folderOf('bare'), { recursive: true })
    const env = { OPENAI_API_KEY: 'sk-env', ANTHROPIC_API_KEY: 'sk-ant', WORK_KEY: 'sk-work', PATH: '/bin' }
    const domains = await openDomains({ env })
    const ids = async (name: string) => (await (await domains.open(name)).models.list()).map(({ id }) => id)
    expect(await ids('work')).toEqual(['own/a', 'offline/eliza'])
    expect(await ids('bare')).toEqual(['offline/eliza'])
    expect(await ids('nobody')).toEqual(['offline/eliza'])
  })
})

describe('a lease of a profile', () => {
  test('closes a profile that was never written to when the last lease is disposed of', async () => {
    const registry = await openDomains()
    const leases = await Promise.all([registry.acquire('work'), registry.acquire('work')])
    expect(registry.openCount).toBe(2)
    const [first, second] = leases
    expect(first.services).toBe(second.services)
    const next = first.services.chats.decisions.subscribe('approval').next()
    first[Symbol.dispose]()
    first[Symbol.dispose]()
    expect(registry.openCount).toBe(2)
    second[Symbol.dispose]()
    expect(registry.openCount).toBe(1)
    expect(await next).toEqual({ done: true, value: undefined })
  })

  test('keeps a profile open that was written to', async () => {
    const registry = await openDomains()
    const lease = await registry.acquire('work')
    const { id } = await lease.services.sessions.create(session)
    lease[Symbol.dispose]()
    expect(registry.openCount).toBe(2)
    expect(await lease.services.sessions.find(id)).not.toBeNull()
  })

  test('opens the profile anew while the old services are closing', async () => {
    const registry = await openDomains()
    const first = await registry.acquire('work')
    first[Symbol.dispose]()
    using second = await registry.acquire('work')
    expect(second.services).not.toBe(first.services)
    await second.services.sessions.create(session)
    expect(await registry.find('work')).toBe(second.services)
  })
})

describe('a deleted profile', () => {
  test('is gone for whoever looks for it, follows it, or has it still; its name is free', async () => {
    const domains = await openDomains()
    const work = await domains.open('work')
    const { id } = await work.sessions.create(session)
    const following = (await work.chats.subscriptions.subscribeToSession(id, 0)).next()
    const deciding = work.chats.decisions.subscribe('approval').next()
    await domains.delete('work')
    expect(await Promise.all([following, deciding])).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ])
    expect(await domains.find('work')).toBeNull()
    expect(await domains.listNames()).toEqual(['default'])
    const gone = { code: 'NOT_FOUND' }
    await expect(work.chats.start(newChatRequest({ text: 'Hi', profile: 'work' }))).rejects.toMatchObject(gone)
    await expect(work.sessions.create(session)).rejects.toMatchObject(gone)
    await expect(work.sessions.find(id)).rejects.toMatchObject(gone)
    expect(existsSync(folderOf('work'))).toBe(false)

    const again = await domains.open('work')
    expect(await again.sessions.find(id)).toBeNull()
    await again.sessions.create(session)
    expect(existsSync(join(folderOf('work'), 'segue.db'))).toBe(true)
    expect(readdirSync(join(home, 'profiles', '.deleted'))).toHaveLength(1)
  })

  test('is deleted once, however many ask at the same time', async () => {
    const domains = await openDomains()
    await domains.create('work')
    const asked = await Promise.allSettled(Array.from({ length: 5 }, () => domains.delete('work')))
    expect(asked.map(({ status }) => status).toSorted()).toEqual(['fulfilled', ...Array(4).fill('rejected')])
    for (const one of asked) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'NOT_FOUND' })
    expect(readdirSync(join(home, 'profiles', '.deleted'))).toHaveLength(1)
  })

  test('or a start in it comes first, whenever they meet: then the other one is refused', async () => {
    const domains = await openDomains()
    const outcomes = new Set<string>()
    for (let lead = -8; lead <= 8; lead += 1) {
      await domains.create('work')
      const { chats, profile } = await domains.open('work')
      const [started, removed] = await Promise.allSettled([
        after(-lead, () => chats.start(newChatRequest({ text: 'Hi', profile: 'work' }))),
        after(lead, () => domains.delete('work')),
      ])
      outcomes.add(`${started.status} ${removed.status}`)
      if (started.status === 'rejected') expect(started.reason).toMatchObject({ code: 'NOT_FOUND' })
      if (removed.status === 'fulfilled') continue
      expect(removed.reason).toMatchObject({ code: 'SESSION_BUSY' })
      for (const { id } of await profile.eventStore.listUnfinishedStreams()) await chats.cancel(id)
      await domains.delete('work')
    }
    expect([...outcomes].toSorted()).toEqual(['fulfilled rejected', 'rejected fulfilled'])
  })

  test('cannot be, while its server is stopping', async () => {
    const domains = await openDomains()
    await domains.create('work')
    await domains.stopChats()
    await domains.create('play')
    await expect(domains.delete('play')).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
    await expect(domains.open('other')).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
  })
})
