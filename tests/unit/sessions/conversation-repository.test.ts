import { renameSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Conversation, ConversationListFilter } from '../../../src/sessions/conversation.ts'
import { paginateConversations } from '../../../src/sessions/paginate-conversations.ts'
import { deriveConversationTitle } from '../../../src/model/conversation/title.ts'
import { ConversationLoader } from '../../../src/sessions/conversation-loader.ts'
import { SessionLoader } from '../../../src/sessions/session-loader.ts'
import type { SessionRecord } from '../../../src/model/session.ts'
import type { PageRequest } from '../../../src/lib/pagination.ts'
import type { SessionKey } from '../../../src/model/session-filter.ts'
import type { HermesLayout, HermesRow } from '../../support/hermes/hermes-db.ts'
import { ConversationFixture, segueId } from '../../support/sessions/conversation-model.ts'
import { newSessionRecord } from '../../support/sessions/session-record.ts'

let both: ConversationFixture
beforeAll(async () => {
  both = await ConversationFixture.open()
})
beforeEach(() => both.clear())
afterAll(() => both[Symbol.asyncDispose]())

/** A session of Hermes with a message at each of these seconds. */
function told(id: string, seconds: readonly number[], row: HermesRow = {}): string {
  both.hermesDb.addSession(id, row)
  for (const second of seconds) both.hermesDb.addMessage(id, second, { content: 'Hello' })
  return id
}

/** A session kept here that continues another and has a message at a second. */
async function kept(id: string, second: number, of: Partial<SessionRecord> = {}): Promise<string> {
  const at = second * 1000
  const session = newSessionRecord({ id, origin: 'SEGUE', source: 'segue', startedAt: at, lastActivityAt: at, ...of })
  await both.profile.eventStore.createSession({ session, messages: [] })
  both.segueDb.prepare('UPDATE sessions SET message_count = 1 WHERE id = ?').run(id)
  return id
}

const everything: PageRequest<SessionKey> = { after: null, before: null, limit: 1000, backwards: false }

const all = (filter: ConversationListFilter = {}): Promise<Conversation[]> =>
  both.conversations.listPage(everything, filter)

/** As in `root > tip`; a root that is its own tip stands alone. */
const named = ({ root, tip }: Conversation): string => (root.id === tip.id ? root.id : `${root.id} > ${tip.id}`)

const list = async (filter: ConversationListFilter = {}): Promise<string[]> => (await all(filter)).map(named)

const ended = { end_reason: 'compression' }

describe('a chain is one row', () => {
  test('by its newest message, wherever in it that was said', async () => {
    told('root', [1], ended)
    told('middle', [9], { ...ended, parent_session_id: 'root' })
    told('last', [5], { parent_session_id: 'middle' })
    told('other', [7])
    const [first, second] = await all()
    expect(first).toMatchObject({
      root: { id: 'root' },
      tip: { id: 'middle' },
      segmentCount: 3,
      lastActivityAt: 9000,
      isEmpty: false,
    })
    expect(second).toMatchObject({ root: { id: 'other' }, tip: { id: 'other' }, segmentCount: 1 })
    both.hermesDb.addMessage('last', 10)
    expect(await list()).toEqual(['root > last', 'other'])
  })

  test('the newest message counts, not the newest touch, nor a clock that went wrong', async () => {
    told('a', [3], { ended_at: 99, last_activity_at: 99 })
    told('b', [4, 5e246, -7])
    told('c', [2], { started_at: 50 })
    both.hermesDb.addMessage('c', 60, { role: 'session_meta' })
    both.hermesDb.addMessage('c', 61, { display_kind: 'hidden' })
    expect((await all()).map(({ root, lastActivityAt }) => [root.id, lastActivityAt])).toEqual([
      ['b', 4000],
      ['a', 3000],
      ['c', 2000],
    ])
  })

  test('with an empty last segment, its tip is the one with messages; of equal ones the one begun last', async () => {
    told('a', [5], { ...ended, started_at: 1 })
    told('b', [], { parent_session_id: 'a', started_at: 9 })
    expect(await list()).toEqual(['a'])
    both.hermesDb.addMessage('b', 5)
    expect(await list()).toEqual(['a > b'])
  })

  test('in all its branches: two that continue one root', async () => {
    told('root', [1], ended)
    told('left', [2], { parent_session_id: 'root' })
    told('right', [3], { parent_session_id: 'root', started_at: 0.5 })
    const [conversation] = await all()
    expect(conversation).toMatchObject({ tip: { id: 'right' }, segmentCount: 3 })
    const segments = async (first: number, skip: number) =>
      conversation
        ? (await both.conversations.listSegments(conversation, { limit: first, offset: skip })).map(({ id }) => id)
        : []
    expect(await segments(1000, 0)).toEqual(['root', 'right', 'left'])
    expect(await segments(2, 0)).toEqual(['root', 'right'])
    expect(await segments(2, 1)).toEqual(['right', 'left'])
    expect(await segments(9, 3)).toEqual([])
  })
})

describe('listed are', () => {
  test('conversations with a message, whatever else is empty, archived, hidden or gone', async () => {
    told('empty', [])
    told('bookkeeping', [])
    both.hermesDb.addMessage('bookkeeping', 9, { role: 'session_meta' })
    told('empty root', [], ended)
    told('after it', [8], { parent_session_id: 'empty root' })
    told('archived', [7], { archived: 1 })
    told('hidden root', [1], { ...ended, hidden: 1, archived: 1 })
    told('after hidden', [6], { parent_session_id: 'hidden root' })
    told('orphan', [5], { parent_session_id: 'gone' })
    told('archived rows only', [])
    both.hermesDb.addMessage('archived rows only', 4, { active: 0, compacted: 1 })
    told('undone', [])
    both.hermesDb.addMessage('undone', 3, { active: 0, compacted: 0 })
    await kept(segueId(1), 2)
    await both.profile.eventStore.createSession({
      session: newSessionRecord({ id: segueId(2), origin: 'SEGUE', source: 'segue' }),
      messages: [],
    })
    expect(await list()).toEqual([
      'empty root > after it',
      'archived',
      'hidden root > after hidden',
      'orphan',
      'archived rows only',
      segueId(1),
    ])
  })

  test('each session of a cycle, and what hangs off one', async () => {
    told('a', [3], { ...ended, parent_session_id: 'b' })
    told('b', [2], { ...ended, parent_session_id: 'a' })
    told('c', [1], { ...ended, parent_session_id: 'b' })
    expect(await list()).toEqual(['a', 'b', 'c'])
  })

  test('branches, resets and moves from elsewhere, each as the rule has it', async () => {
    told('trunk', [1], ended)
    for (const [index, marker] of ['_branched_from', '_reset_from'].entries()) {
      told(marker, [2 + index], { parent_session_id: 'trunk', model_config: JSON.stringify({ [marker]: 'trunk' }) })
    }
    told('terminal', [4], { end_reason: 'cli_close' })
    told('phone', [5], { parent_session_id: 'terminal', source: 'telegram' })
    expect(await list()).toEqual(['terminal > phone', '_reset_from', '_branched_from', 'trunk'])
  })

  test('what works for itself only for those who ask for its channel, or for one of them', async () => {
    told('cli', [1])
    told('cron', [2], { source: 'cron' })
    told('tool', [3], { source: 'tool' })
    told('subagent', [4], { source: 'subagent' })
    told('delegate', [5], { source: 'telegram', parent_session_id: 'cli', model_config: '{"_delegate_from": "cli"}' })
    told('of no one', [6], { source: 'telegram', model_config: '{"_delegate_from": "__orphaned__"}' })
    told('long delegate', [7], { ...ended, source: 'cli', model_config: '{"_delegate_from": "cli"}' })
    told('its end', [8], { parent_session_id: 'long delegate', model_config: '{"_delegate_from": "cli"}' })
    expect(await list()).toEqual(['cli'])
    expect(await list({ channels: ['CRON'] })).toEqual(['cron'])
    expect(await list({ channels: ['TOOL'] })).toEqual([
      'long delegate > its end',
      'of no one',
      'delegate',
      'subagent',
      'tool',
    ])
    expect(await list({ channels: ['MESSAGING', 'CLI'] })).toEqual(['cli'])
    const loader = new SessionLoader(both.sessions)
    const byId = await new ConversationLoader(both.conversations, loader).loadByIds(['cron', 'cnv_tool', 'cli'])
    expect(paginateConversations(byId, everything, {}).map(named)).toEqual(['tool', 'cron', 'cli'])
  })

  test('what a person began or goes on with, though something else works in it too', async () => {
    told('person', [1], ended)
    told('schedule', [2], { parent_session_id: 'person', source: 'cron' })
    told('tool', [3], { ...ended, source: 'tool' })
    told('taken up', [4], { parent_session_id: 'tool' })
    expect(await list()).toEqual(['tool > taken up', 'person > schedule'])
    expect(await list({ channels: ['CRON'] })).toEqual(['person > schedule'])
  })
})

describe('a filter looks at the tip', () => {
  test('for channel, origin, archived and pinned', async () => {
    told('root', [1], { ...ended, archived: 1, pinned: 1, source: 'telegram' })
    told('tip', [2], { parent_session_id: 'root', source: 'webui' })
    told('crossing', [3], ended)
    await kept(segueId(1), 4, { parentId: 'crossing', pinned: true })
    expect(await list({ archived: true })).toEqual([])
    expect(await list({ archived: false })).toEqual([`crossing > ${segueId(1)}`, 'root > tip'])
    expect(await list({ pinned: true })).toEqual([`crossing > ${segueId(1)}`])
    expect(await list({ channels: ['MESSAGING'] })).toEqual([])
    expect(await list({ channels: ['WEB'] })).toEqual(['root > tip'])
    expect(await list({ channels: ['SEGUE'] })).toEqual([`crossing > ${segueId(1)}`])
    expect(await list({ origin: 'SEGUE' })).toEqual([`crossing > ${segueId(1)}`])
    expect(await list({ origin: 'HERMES' })).toEqual(['root > tip'])
  })

  test('ids name conversations and any of their sessions, once', async () => {
    told('root', [1], ended)
    told('tip', [2], { parent_session_id: 'root', archived: 1 })
    told('other', [3])
    told('empty', [])
    const loader = new ConversationLoader(both.conversations, new SessionLoader(both.sessions))
    const found = await loader.loadByIds(['root', 'tip', 'cnv_root', 'cnv_tip', 'empty', 'nobody', 'cnv_nobody'])
    expect(found.map(named)).toEqual(['root > tip', 'empty'])
    expect(paginateConversations(found, everything, {}).map(named)).toEqual(['root > tip'])
    expect(paginateConversations(found, everything, { archived: false })).toEqual([])
    expect(paginateConversations(found, everything, { origin: 'SEGUE' })).toEqual([])
  })
})

describe('a chain that crosses into what is kept here', () => {
  test('is one row, wherever it goes on, and comes apart and together with the link', async () => {
    told('theirs', [1], ended)
    told('still theirs', [4], { parent_session_id: 'theirs' })
    await kept(segueId(1), 3, { parentId: 'theirs', endReason: 'compression' })
    await kept(segueId(2), 5, { parentId: segueId(1) })
    await kept(segueId(3), 2)
    expect(await list()).toEqual([`theirs > ${segueId(2)}`, segueId(3)])
    expect((await all())[0]).toMatchObject({ segmentCount: 4, lastActivityAt: 5000 })
    both.hermesDb.db.exec("UPDATE sessions SET end_reason = NULL WHERE id = 'theirs'")
    expect(await list()).toEqual([`${segueId(1)} > ${segueId(2)}`, 'still theirs', segueId(3), 'theirs'])
    both.hermesDb.db.exec("UPDATE sessions SET end_reason = 'cli_close' WHERE id = 'theirs'")
    expect(await list()).toEqual([`theirs > ${segueId(2)}`, segueId(3)])
    both.segueDb.prepare('DELETE FROM sessions WHERE id = ?').run(segueId(1))
    expect(await list()).toEqual([segueId(2), 'theirs > still theirs', segueId(3)])
  })

  test('stands alone here while Hermes cannot be read, and loses nothing', async () => {
    told('theirs', [9], ended)
    await kept(segueId(1), 3, { parentId: 'theirs' })
    await kept(segueId(2), 4)
    expect(await list()).toEqual(['theirs', segueId(2)])
    const away = `${both.hermesDb.path}.away`
    renameSync(both.hermesDb.path, away)
    expect(await list()).toEqual([segueId(2), segueId(1)])
    expect(await list({ origin: 'HERMES' })).toEqual([])
    renameSync(away, both.hermesDb.path)
    expect(await list()).toEqual(['theirs', segueId(2)])
  })

  test('stays at the top where a person keeps it', async () => {
    told('theirs', [1], { ...ended, pinned: 1, title: 'Trees' })
    const session = await both.sessions.create({ title: null, model: null, continues: 'theirs' })
    expect(session).toMatchObject({ pinned: true, archived: false, title: 'Trees', parentId: 'theirs' })
  })

  test('what Hermes keeps continues only what Hermes keeps', async () => {
    await kept(segueId(1), 1, { endReason: 'compression' })
    told('theirs', [2], { parent_session_id: segueId(1) })
    expect(await list()).toEqual(['theirs', segueId(1)])
  })
})

describe("Hermes' ways to compact", () => {
  test('in place: the session stays, with what was archived and what lives', async () => {
    told('s', [1, 2])
    both.hermesDb.transaction(() => {
      both.hermesDb.db.exec('UPDATE messages SET active = 0, compacted = 1')
      both.hermesDb.addMessage('s', 2, { content: 'Hello' })
      both.hermesDb.addMessage('s', 3, { content: 'A summary', _compressed_summary: 1 })
    })
    expect((await all()).map(({ root, tip, lastActivityAt }) => [root.id, tip.id, lastActivityAt])).toEqual([
      ['s', 's', 3000],
    ])
  })

  test('by another session, made before the old one is ended or after it', async () => {
    told('a', [5], { started_at: 1, title: 'Trees' })
    both.hermesDb.transaction(() => {
      told('b', [6], { started_at: 5.9, parent_session_id: 'a', title: 'Trees #2' })
      both.hermesDb.db.exec("UPDATE sessions SET ended_at = 6, end_reason = 'compression' WHERE id = 'a'")
    })
    expect(await list()).toEqual(['a > b'])
    both.hermesDb.db.exec("UPDATE sessions SET ended_at = 7, end_reason = 'compression' WHERE id = 'b'")
    expect(await list()).toEqual(['a > b'])
    told('c', [8], { started_at: 7.1, parent_session_id: 'b', title: 'Trees #3' })
    expect(await list()).toEqual(['a > c'])
    expect((await all()).map(deriveConversationTitle)).toEqual(['Trees'])
  })

  test('a session that is taken up again lets go of those that continued it', async () => {
    told('a', [1], ended)
    told('b', [2], { parent_session_id: 'a' })
    expect(await list()).toEqual(['a > b'])
    both.hermesDb.db.exec("UPDATE sessions SET ended_at = NULL, end_reason = NULL WHERE id = 'a'")
    expect(await list()).toEqual(['b', 'a'])
  })
})

describe.each<HermesLayout>(['newest', 'compacting', 'v7', 'v2'])('a file of the layout %s', (layout) => {
  test('is listed by conversation', async () => {
    await using old = await ConversationFixture.open(layout)
    old.hermesDb.addSession('a', { end_reason: 'cli_close', started_at: 1 })
    old.hermesDb.addSession('b', { parent_session_id: 'a', started_at: 3 })
    old.hermesDb.addMessage('a', 2, { content: 'Hello' })
    old.hermesDb.addMessage('b', 4, { content: 'Hello' })
    expect((await old.conversations.listPage(everything, {})).map(named)).toEqual(['a > b'])
  })
})

test.each([
  ['sessions', 'end_reason', ['b', 'a']],
  ['sessions', 'parent_session_id', ['b', 'a']],
  ['sessions', 'source', ['a > b']],
  ['sessions', 'started_at', ['a > b']],
  ['messages', 'timestamp', ['a > b']],
  ['messages', 'active', ['a > b']],
] as const)('without the column %s.%s conversations are listed', async (table, column, expected) => {
  await using old = await ConversationFixture.open('v2')
  old.hermesDb.addSession('a', { end_reason: 'compression', started_at: 1 })
  old.hermesDb.addSession('b', { parent_session_id: 'a', started_at: 3 })
  for (const [index, id] of ['a', 'b'].entries()) old.hermesDb.addMessage(id, index + 5, { content: 'Hello' })
  old.hermesDb.db.exec(
    'DROP INDEX idx_sessions_source; DROP INDEX idx_sessions_parent; DROP INDEX idx_sessions_started; DROP INDEX idx_messages_session',
  )
  if (old.hermesDb.columnNames(table).has(column)) old.hermesDb.db.exec(`ALTER TABLE ${table} DROP COLUMN ${column}`)
  expect((await old.conversations.listPage(everything, {})).map(named)).toEqual(expected)
})

test("a Hermes title counts as a person's only if the user chose it", async () => {
  told('a', [1], { ...ended, title: 'Trees', title_source: 'llm' })
  told('b', [2], { parent_session_id: 'a', title: 'On woods', title_source: 'llm' })
  expect((await all()).map(deriveConversationTitle)).toEqual(['Trees'])
  both.hermesDb.db.exec("UPDATE sessions SET title_source = 'user' WHERE id = 'b'")
  expect((await all()).map(deriveConversationTitle)).toEqual(['On woods'])
})

describe('while conversations come, go and move,', () => {
  test.each([false, true])(
    'a walk shows each that stays where it is exactly once (backwards: %s)',
    async (backwards) => {
      for (let i = 0; i < 24; i++) {
        if (i % 3 === 0) await kept(segueId(i), 100 + (i % 5))
        else told(`s${i}`, [100 + (i % 5)], i % 2 ? ended : {})
      }
      const staying = await list()
      const seen: string[] = []
      let key: SessionKey | null = null
      for (let step = 0; ; step++) {
        const bounds = backwards ? { before: key, after: null } : { before: null, after: key }
        const found: Conversation[] = await both.conversations.listPage({ ...bounds, limit: 4, backwards }, {})
        const end = backwards ? found[0] : found.at(-1)
        if (!end) break
        seen.push(...found.map(named))
        key = { id: end.root.id, lastActivityAt: end.lastActivityAt }
        if (step >= 5) continue
        // Others come on top and at the bottom, and one moves from the bottom to the top.
        told(`new${step}`, [500 + step])
        await kept(segueId(100 + step), 1)
        told(`mover${step}`, [50])
        both.hermesDb.addMessage(`mover${step}`, 600 + step)
      }
      const shown = seen.filter((id) => staying.includes(id))
      expect(shown.toSorted()).toEqual(staying.toSorted())
      expect(new Set(seen).size).toBe(seen.length)
    },
  )
})

test('a list of Hermes conversations does not read the list of Segue', async () => {
  told('theirs', [1], ended)
  told('crossing', [2], ended)
  await kept(segueId(1), 3, { parentId: 'crossing' })
  await kept(segueId(2), 4)
  const listSegue = vi.spyOn(both.profile.segueSessions, 'listConversations')
  expect(await list({ origin: 'HERMES' })).toEqual(['theirs'])
  expect(listSegue).not.toHaveBeenCalled()
  expect(await list({ origin: 'SEGUE' })).toEqual([segueId(2), `crossing > ${segueId(1)}`])
  expect(listSegue).toHaveBeenCalledOnce()
  listSegue.mockRestore()
})
