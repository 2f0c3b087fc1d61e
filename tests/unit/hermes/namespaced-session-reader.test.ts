import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '../../../src/lib/ids.ts'
import { openProfileStorage } from '../../../src/services/storage/open-profile-storage.ts'
import type { ProfileStorage } from '../../../src/storage/profile-storage.ts'
import { CombinedSessionRepository } from '../../../src/sessions/combined-session-repository.ts'
import { ConversationRepository } from '../../../src/sessions/conversation-repository.ts'
import type { PageRequest } from '../../../src/lib/pagination.ts'
import type { SessionSortKey } from '../../../src/model/session-filter.ts'
import { newSessionRecord } from '../../support/sessions/session-record.ts'
import { HermesDb } from '../../support/hermes/hermes-db.ts'
import { newTempFolder } from '../../support/server/segue.ts'
import { silentLogger } from '../../../src/lib/logger.ts'

let home: string
let db: HermesDb
const open: ProfileStorage[] = []

beforeEach(() => {
  home = newTempFolder()
  db = new HermesDb(join(home, 'state.db'))
})

afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
  db.close()
  rmSync(home, { recursive: true, force: true })
})

function openProfile(name: string): ProfileStorage {
  const opened = openProfileStorage({ name, home, hermesHome: home, durable: false, log: silentLogger })
  open.push(opened)
  return opened
}

const all = { after: null, before: null, limit: 100, backwards: false }

/** The sessions of a profile's Hermes agent. */
function openHermes(name: string) {
  const { hermesSessions } = openProfile(name)
  if (!hermesSessions) throw new Error('Hermes is turned off.')
  return hermesSessions
}

describe("the ids of a named profile's Hermes sessions", () => {
  test('begin with the name of the profile, and so do those of messages and tool calls', async () => {
    const model_config = JSON.stringify({ _branched_from: 'root' })
    db.addSession('root', { end_reason: 'compression' })
    db.addSession('next', { parent_session_id: 'root', model_config })
    const row = db.addMessage('next', 2, { content: 'Hi' })
    db.addToolCalls('next', 3, ['a', 'b'])
    db.addToolResult('next', 4, 'a', 'done')
    const work = openHermes('work')
    const [next] = await work.findSessions(['work@next'])
    expect(next).toMatchObject({
      id: 'work@next',
      parentId: 'work@root',
      notContinuationOf: ['work@root'],
      profile: 'work',
    })
    expect(await work.countMessages(['work@next', 'work@root'])).toEqual(
      new Map([
        ['work@next', 2],
        ['work@root', 0],
      ]),
    )
    const page = await work.listMessages('work@next', all)
    expect(page.map(({ id, sessionId }) => [id, sessionId])).toEqual([
      [`work@next:${row}`, 'work@next'],
      [`work@next:${row + 1}`, 'work@next'],
    ])
    const calls = page.flatMap(({ parts }) => parts.flatMap((part) => (part.type === 'tool' ? part.call.id : [])))
    expect(calls).toEqual([`work@next:${row + 1}:0`, `work@next:${row + 1}:1`])
    expect(await work.findMessage(`work@next:${row}`)).toEqual(page[0])
    expect(await work.loadContextMessages('work@next')).toEqual(page)
  })

  test('begin with the name of the profile in reported changes', async () => {
    const work = openHermes('work')
    const reported: unknown[] = []
    work.onConversationsChanged((changes) => reported.push(...(changes ?? [])))
    await work.refresh()
    db.addSession('root')
    db.addMessage('root', 1)
    await work.refresh()
    expect(reported).toContainEqual({ rootId: 'work@root', before: null, after: 'thisSource' })
  })

  test('are not found without the name of the profile, with another one, or with it twice', async () => {
    db.addSession('next')
    const row = db.addMessage('next', 2, { content: 'Hi' })
    const work = openHermes('work')
    for (const id of ['next', 'play@next', 'work@work@next', 'Work@next', 'work@', 'work', '']) {
      expect(await work.findSessions([id]), id).toEqual([])
      expect(await work.countMessages([id]), id).toEqual(new Map())
      expect(await work.listMessages(id, all), id).toEqual([])
      expect(await work.loadContextMessages(id), id).toEqual([])
      expect(await work.findMessage(`${id}:${row}`), id).toBeNull()
      expect(await work.listSessions(all, { ids: [id] }), id).toEqual([])
    }
  })

  test('are those of Hermes in the profile default, except the ones that could be those of another object', async () => {
    const confusingIds = ['cnv_next', 'mdl_default:a/b', 'prf_default', 'default@next', 'work@next', 'a@b.example']
    const reader = openHermes('default')
    for (const id of ['next', 'Work@next', 'x cnv_next', ...confusingIds]) {
      db.addSession(id)
      const row = db.addMessage(id, 2, { content: 'Hi' })
      const shownId = confusingIds.includes(id) ? `default@${id}` : id
      expect((await reader.findSessions([shownId])).map((session) => session.id)).toEqual([shownId])
      expect(await reader.findMessage(`${shownId}:${row}`)).toMatchObject({ sessionId: shownId })
      for (const other of [id, `default@${id}`].filter((each) => each !== shownId && !confusingIds.includes(each)))
        expect(await reader.findSessions([other]), other).toEqual([])
    }
  })

  test('in the profile default, those that could be of another object are those of the conversations that go on in Segue', async () => {
    db.addSession('a@b.example', { end_reason: 'compression' })
    db.addMessage('a@b.example', 2, { content: 'Hi' })
    const storage = openProfile('default')
    const parentId = 'default@a@b.example'
    const id = newId('session')
    await storage.eventStore.createSession({
      session: newSessionRecord({ id, origin: 'SEGUE', parentId, lastActivityAt: 9000 }),
      messages: [],
    })
    await storage.hermesSessions?.refresh()
    const conversations = await storage.hermesSessions?.findConversationsBySession([id, parentId])
    expect([...(conversations ?? [])].map(([, { rootId, segmentCount }]) => [rootId, segmentCount])).toEqual([
      [parentId, 2],
      [parentId, 2],
    ])
    expect(await storage.eventStore.findContinuation(parentId)).toMatchObject({ id, parentId })
  })

  test('can be used in a filter with other conditions', async () => {
    for (const id of ['a', 'b', 'c']) db.addSession(id, { archived: id === 'b' ? 1 : 0 })
    const ids = ['work@a', 'work@b', 'c', 'play@c']
    const page = await openHermes('work').listSessions(all, { ids, archived: false })
    expect(page.map(({ id }) => id)).toEqual(['work@a'])
  })
})

describe.each(['aaa', 'work', 'zzz', 'ses', 'ses_', '0', 'default'])(
  'a list of both origins in the profile %s',
  (name) => {
    test('has the same order from every cursor, in both directions', async () => {
      const work = openProfile(name)
      const ids = ['x', 'xa', 'xB', 'xü', 'x𝒳', 'x\u{10FFFE}', 'd', 'cnv_a', 'e', 'zz@a']
      for (const [index, id] of ids.entries()) {
        const at = Math.min(Math.floor(index / 2), 3) + 1
        db.addSession(id, { started_at: at })
        db.addMessage(id, at)
      }
      for (const lastActivityAt of [1000, 2000, 2000, 3000]) {
        await work.eventStore.createSession({
          session: newSessionRecord({ id: newId('session'), lastActivityAt }),
          messages: [],
        })
      }
      const sessions = new CombinedSessionRepository(work)
      const conversations = new ConversationRepository(work, sessions)
      await expectSameOrderFromEveryCursor((page) => sessions.listPage(page, {}), 14)
      await expectSameOrderFromEveryCursor(async (page) => {
        const listed = await conversations.listPage(page, {})
        return listed.map(({ root, lastActivityAt }) => ({ id: root.id, lastActivityAt }))
      }, ids.length)
    })
  },
)

async function expectSameOrderFromEveryCursor<Row extends SessionSortKey>(
  listPage: (page: PageRequest<SessionSortKey>) => Promise<Row[]>,
  count: number,
): Promise<void> {
  const list = await listPage(all)
  expect(list).toHaveLength(count)
  for (const [index, { lastActivityAt, id }] of list.entries()) {
    const key = { lastActivityAt, id }
    expect(await listPage({ ...all, after: key })).toEqual(list.slice(index + 1))
    expect(await listPage({ ...all, before: key })).toEqual(list.slice(0, index))
    const two = { ...all, limit: 2 }
    expect(await listPage({ ...two, after: key })).toEqual(list.slice(index + 1, index + 3))
    const back = await listPage({ ...two, backwards: true, before: key })
    expect(back).toEqual(list.slice(Math.max(0, index - 2), index))
  }
}
