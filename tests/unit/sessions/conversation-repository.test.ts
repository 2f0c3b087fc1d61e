import { renameSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Conversation, ConversationListFilter } from '../../../src/sessions/conversation.ts'
import { paginateConversations } from '../../../src/sessions/select-conversations.ts'
import { deriveConversationTitle } from '../../../src/model/conversation/title.ts'
import { ConversationLoader } from '../../../src/sessions/conversation-loader.ts'
import { SessionLoader } from '../../../src/sessions/session-loader.ts'
import type { SessionRecord } from '../../../src/model/session.ts'
import type { PageRequest } from '../../../src/lib/pagination.ts'
import type { SessionSortKey } from '../../../src/model/session-filter.ts'
import type { HermesLayout, HermesRow } from '../../support/hermes/hermes-db.ts'
import { ConversationFixture } from '../../support/sessions/conversation-fixture.ts'
import { segueId } from '../../support/sessions/conversation-model.ts'
import { newSessionRecord } from '../../support/sessions/session-record.ts'

let fixture: ConversationFixture
beforeAll(async () => {
  fixture = await ConversationFixture.open()
})
beforeEach(() => fixture.clear())
afterAll(() => fixture[Symbol.asyncDispose]())

/** Adds a Hermes session with a message at each of these seconds. */
function addHermesSession(id: string, seconds: readonly number[], row: HermesRow = {}): string {
  fixture.hermesDb.addSession(id, row)
  for (const second of seconds) fixture.hermesDb.addMessage(id, second, { content: 'Hello' })
  return id
}

/** Adds a Segue session with one message at this second. */
async function addSegueSession(id: string, second: number, of: Partial<SessionRecord> = {}): Promise<string> {
  const at = second * 1000
  const session = newSessionRecord({ id, origin: 'SEGUE', source: 'segue', startedAt: at, lastActivityAt: at, ...of })
  await fixture.profile.eventStore.createSession({ session, messages: [] })
  fixture.segueDb.run('UPDATE sessions SET message_count = 1 WHERE id = ?', id)
  return id
}

const firstPage: PageRequest<SessionSortKey> = { after: null, before: null, limit: 1000, backwards: false }

const listAll = (filter: ConversationListFilter = {}): Promise<Conversation[]> =>
  fixture.conversations.listPage(firstPage, filter)

/** Formats a conversation as `root > tip`, or as `root` if both are the same. */
const format = ({ root, tip }: Conversation): string => (root.id === tip.id ? root.id : `${root.id} > ${tip.id}`)

const listFormatted = async (filter: ConversationListFilter = {}): Promise<string[]> =>
  (await listAll(filter)).map(format)

const ended = { end_reason: 'compression' }

describe('a chain of sessions is one conversation', () => {
  test('ordered by its newest message, in whichever session that is', async () => {
    addHermesSession('root', [1], ended)
    addHermesSession('middle', [9], { ...ended, parent_session_id: 'root' })
    addHermesSession('last', [5], { parent_session_id: 'middle' })
    addHermesSession('other', [7])
    const [first, second] = await listAll()
    expect(first).toMatchObject({
      root: { id: 'root' },
      tip: { id: 'middle' },
      segmentCount: 3,
      lastActivityAt: 9000,
      isEmpty: false,
    })
    expect(second).toMatchObject({ root: { id: 'other' }, tip: { id: 'other' }, segmentCount: 1 })
    fixture.hermesDb.addMessage('last', 10)
    expect(await listFormatted()).toEqual(['root > last', 'other'])
  })

  test('whose activity is its newest message, not another timestamp, nor an invalid one', async () => {
    addHermesSession('a', [3], { ended_at: 99, last_activity_at: 99 })
    addHermesSession('b', [4, 5e246, -7])
    addHermesSession('c', [2], { started_at: 50 })
    fixture.hermesDb.addMessage('c', 60, { role: 'session_meta' })
    fixture.hermesDb.addMessage('c', 61, { display_kind: 'hidden' })
    expect((await listAll()).map(({ root, lastActivityAt }) => [root.id, lastActivityAt])).toEqual([
      ['b', 4000],
      ['a', 3000],
      ['c', 2000],
    ])
  })

  test('whose tip is the session with the newest message, and on a tie the one that started last', async () => {
    addHermesSession('a', [5], { ...ended, started_at: 1 })
    addHermesSession('b', [], { parent_session_id: 'a', started_at: 9 })
    expect(await listFormatted()).toEqual(['a'])
    fixture.hermesDb.addMessage('b', 5)
    expect(await listFormatted()).toEqual(['a > b'])
  })

  test('also if two sessions continue the same root', async () => {
    addHermesSession('root', [1], ended)
    addHermesSession('left', [2], { parent_session_id: 'root' })
    addHermesSession('right', [3], { parent_session_id: 'root', started_at: 0.5 })
    const [conversation] = await listAll()
    expect(conversation).toMatchObject({ tip: { id: 'right' }, segmentCount: 3 })
    const listSegments = async (limit: number, offset: number) =>
      conversation
        ? (await fixture.conversations.listSegments(conversation, { limit, offset })).map(({ id }) => id)
        : []
    expect(await listSegments(1000, 0)).toEqual(['root', 'right', 'left'])
    expect(await listSegments(2, 0)).toEqual(['root', 'right'])
    expect(await listSegments(2, 1)).toEqual(['right', 'left'])
    expect(await listSegments(9, 3)).toEqual([])
  })
})

describe('the list holds', () => {
  test('all conversations with a message, also archived and hidden ones, and those with missing parents', async () => {
    addHermesSession('empty', [])
    addHermesSession('bookkeeping', [])
    fixture.hermesDb.addMessage('bookkeeping', 9, { role: 'session_meta' })
    addHermesSession('empty root', [], ended)
    addHermesSession('after it', [8], { parent_session_id: 'empty root' })
    addHermesSession('archived', [7], { archived: 1 })
    addHermesSession('hidden root', [1], { ...ended, hidden: 1, archived: 1 })
    addHermesSession('after hidden', [6], { parent_session_id: 'hidden root' })
    addHermesSession('orphan', [5], { parent_session_id: 'gone' })
    addHermesSession('archived rows only', [])
    fixture.hermesDb.addMessage('archived rows only', 4, { active: 0, compacted: 1 })
    addHermesSession('undone', [])
    fixture.hermesDb.addMessage('undone', 3, { active: 0, compacted: 0 })
    await addSegueSession(segueId(1), 2)
    await fixture.profile.eventStore.createSession({
      session: newSessionRecord({ id: segueId(2), origin: 'SEGUE', source: 'segue' }),
      messages: [],
    })
    expect(await listFormatted()).toEqual([
      'empty root > after it',
      'archived',
      'hidden root > after hidden',
      'orphan',
      'archived rows only',
      segueId(1),
    ])
  })

  test('each session of a cycle, and each session that continues one of them', async () => {
    addHermesSession('a', [3], { ...ended, parent_session_id: 'b' })
    addHermesSession('b', [2], { ...ended, parent_session_id: 'a' })
    addHermesSession('c', [1], { ...ended, parent_session_id: 'b' })
    expect(await listFormatted()).toEqual(['a', 'b', 'c'])
  })

  test('branches and resets by themselves, and a chat that moved from the terminal as one', async () => {
    addHermesSession('trunk', [1], ended)
    for (const [index, marker] of ['_branched_from', '_reset_from'].entries()) {
      addHermesSession(marker, [2 + index], {
        parent_session_id: 'trunk',
        model_config: JSON.stringify({ [marker]: 'trunk' }),
      })
    }
    addHermesSession('terminal', [4], { end_reason: 'cli_close' })
    addHermesSession('phone', [5], { parent_session_id: 'terminal', source: 'telegram' })
    expect(await listFormatted()).toEqual(['terminal > phone', '_reset_from', '_branched_from', 'trunk'])
  })

  test('conversations of jobs, tools and subagents only if their channel or id is given', async () => {
    addHermesSession('cli', [1])
    addHermesSession('cron', [2], { source: 'cron' })
    addHermesSession('tool', [3], { source: 'tool' })
    addHermesSession('subagent', [4], { source: 'subagent' })
    addHermesSession('delegate', [5], {
      source: 'telegram',
      parent_session_id: 'cli',
      model_config: '{"_delegate_from": "cli"}',
    })
    addHermesSession('orphaned delegate', [6], {
      source: 'telegram',
      model_config: '{"_delegate_from": "__orphaned__"}',
    })
    addHermesSession('long delegate', [7], { ...ended, source: 'cli', model_config: '{"_delegate_from": "cli"}' })
    addHermesSession('delegate tip', [8], {
      parent_session_id: 'long delegate',
      model_config: '{"_delegate_from": "cli"}',
    })
    expect(await listFormatted()).toEqual(['cli'])
    expect(await listFormatted({ channels: ['CRON'] })).toEqual(['cron'])
    expect(await listFormatted({ channels: ['TOOL'] })).toEqual([
      'long delegate > delegate tip',
      'orphaned delegate',
      'delegate',
      'subagent',
      'tool',
    ])
    expect(await listFormatted({ channels: ['MESSAGING', 'CLI'] })).toEqual(['cli'])
    const loader = new SessionLoader(fixture.sessions)
    const byId = await new ConversationLoader(fixture.conversations, loader).loadByIds(['cron', 'cnv_tool', 'cli'])
    expect(paginateConversations(byId, firstPage, {}).map(format)).toEqual(['tool', 'cron', 'cli'])
  })

  test('conversations that a person started or continued, even if a job or tool takes part', async () => {
    addHermesSession('person', [1], ended)
    addHermesSession('schedule', [2], { parent_session_id: 'person', source: 'cron' })
    addHermesSession('tool', [3], { ...ended, source: 'tool' })
    addHermesSession('continued', [4], { parent_session_id: 'tool' })
    expect(await listFormatted()).toEqual(['tool > continued', 'person > schedule'])
    expect(await listFormatted({ channels: ['CRON'] })).toEqual(['person > schedule'])
  })
})

describe('a filter', () => {
  test('compares channel, origin, archived and pinned with those of the tip', async () => {
    addHermesSession('root', [1], { ...ended, archived: 1, pinned: 1, source: 'telegram' })
    addHermesSession('tip', [2], { parent_session_id: 'root', source: 'webui' })
    addHermesSession('crossing', [3], ended)
    await addSegueSession(segueId(1), 4, { parentId: 'crossing', pinned: true })
    expect(await listFormatted({ archived: true })).toEqual([])
    expect(await listFormatted({ archived: false })).toEqual([`crossing > ${segueId(1)}`, 'root > tip'])
    expect(await listFormatted({ pinned: true })).toEqual([`crossing > ${segueId(1)}`])
    expect(await listFormatted({ channels: ['MESSAGING'] })).toEqual([])
    expect(await listFormatted({ channels: ['WEB'] })).toEqual(['root > tip'])
    expect(await listFormatted({ channels: ['SEGUE'] })).toEqual([`crossing > ${segueId(1)}`])
    expect(await listFormatted({ origin: 'SEGUE' })).toEqual([`crossing > ${segueId(1)}`])
    expect(await listFormatted({ origin: 'HERMES' })).toEqual(['root > tip'])
  })

  test('accepts the ids of conversations and of their sessions, and returns each conversation once', async () => {
    addHermesSession('root', [1], ended)
    addHermesSession('tip', [2], { parent_session_id: 'root', archived: 1 })
    addHermesSession('other', [3])
    addHermesSession('empty', [])
    const loader = new ConversationLoader(fixture.conversations, new SessionLoader(fixture.sessions))
    const found = await loader.loadByIds(['root', 'tip', 'cnv_root', 'cnv_tip', 'empty', 'nobody', 'cnv_nobody'])
    expect(found.map(format)).toEqual(['root > tip', 'empty'])
    expect(paginateConversations(found, firstPage, {}).map(format)).toEqual(['root > tip'])
    expect(paginateConversations(found, firstPage, { archived: false })).toEqual([])
    expect(paginateConversations(found, firstPage, { origin: 'SEGUE' })).toEqual([])
  })
})

describe('a chain that crosses from Hermes into Segue', () => {
  test('is one conversation for as long as its links exist', async () => {
    addHermesSession('hermes', [1], ended)
    addHermesSession('hermes tip', [4], { parent_session_id: 'hermes' })
    await addSegueSession(segueId(1), 3, { parentId: 'hermes', endReason: 'compression' })
    await addSegueSession(segueId(2), 5, { parentId: segueId(1) })
    await addSegueSession(segueId(3), 2)
    expect(await listFormatted()).toEqual([`hermes > ${segueId(2)}`, segueId(3)])
    expect((await listAll())[0]).toMatchObject({ segmentCount: 4, lastActivityAt: 5000 })
    fixture.hermesDb.db.exec("UPDATE sessions SET end_reason = NULL WHERE id = 'hermes'")
    expect(await listFormatted()).toEqual([`${segueId(1)} > ${segueId(2)}`, 'hermes tip', segueId(3), 'hermes'])
    fixture.hermesDb.db.exec("UPDATE sessions SET end_reason = 'cli_close' WHERE id = 'hermes'")
    expect(await listFormatted()).toEqual([`hermes > ${segueId(2)}`, segueId(3)])
    fixture.segueDb.run('DELETE FROM sessions WHERE id = ?', segueId(1))
    expect(await listFormatted()).toEqual([segueId(2), 'hermes > hermes tip', segueId(3)])
  })

  test('is listed by its Segue sessions while Hermes cannot be read', async () => {
    addHermesSession('hermes', [9], ended)
    await addSegueSession(segueId(1), 3, { parentId: 'hermes' })
    await addSegueSession(segueId(2), 4)
    expect(await listFormatted()).toEqual(['hermes', segueId(2)])
    const away = `${fixture.hermesDb.path}.away`
    renameSync(fixture.hermesDb.path, away)
    expect(await listFormatted()).toEqual([segueId(2), segueId(1)])
    expect(await listFormatted({ origin: 'HERMES' })).toEqual([])
    renameSync(away, fixture.hermesDb.path)
    expect(await listFormatted()).toEqual(['hermes', segueId(2)])
  })

  test('stays pinned when it continues in Segue', async () => {
    addHermesSession('hermes', [1], { ...ended, pinned: 1, title: 'Trees' })
    const session = await fixture.sessions.create({ title: null, model: null, continues: 'hermes' })
    expect(session).toMatchObject({ title: 'Trees', parentId: 'hermes' })
    const found = await fixture.conversations.findBySessions([session])
    expect(found.get(session.id)).toMatchObject({ pinned: true, archived: false, root: { id: 'hermes' } })
  })

  test('never leads back: a Hermes session continues Hermes sessions only', async () => {
    await addSegueSession(segueId(1), 1, { endReason: 'compression' })
    addHermesSession('hermes', [2], { parent_session_id: segueId(1) })
    expect(await listFormatted()).toEqual(['hermes', segueId(1)])
  })
})

describe('a chat that Hermes compacts', () => {
  test('in place stays one session', async () => {
    addHermesSession('s', [1, 2])
    fixture.hermesDb.transaction(() => {
      fixture.hermesDb.db.exec('UPDATE messages SET active = 0, compacted = 1')
      fixture.hermesDb.addMessage('s', 2, { content: 'Hello' })
      fixture.hermesDb.addMessage('s', 3, { content: 'A summary', _compressed_summary: 1 })
    })
    expect((await listAll()).map(({ root, tip, lastActivityAt }) => [root.id, tip.id, lastActivityAt])).toEqual([
      ['s', 's', 3000],
    ])
  })

  test('into another session is one conversation, whichever of the two is written first', async () => {
    addHermesSession('a', [5], { started_at: 1, title: 'Trees' })
    fixture.hermesDb.transaction(() => {
      addHermesSession('b', [6], { started_at: 5.9, parent_session_id: 'a', title: 'Trees #2' })
      fixture.hermesDb.db.exec("UPDATE sessions SET ended_at = 6, end_reason = 'compression' WHERE id = 'a'")
    })
    expect(await listFormatted()).toEqual(['a > b'])
    fixture.hermesDb.db.exec("UPDATE sessions SET ended_at = 7, end_reason = 'compression' WHERE id = 'b'")
    expect(await listFormatted()).toEqual(['a > b'])
    addHermesSession('c', [8], { started_at: 7.1, parent_session_id: 'b', title: 'Trees #3' })
    expect(await listFormatted()).toEqual(['a > c'])
    expect((await listAll()).map(deriveConversationTitle)).toEqual(['Trees'])
  })

  test('and resumes afterwards is no longer continued by the later sessions', async () => {
    addHermesSession('a', [1], ended)
    addHermesSession('b', [2], { parent_session_id: 'a' })
    expect(await listFormatted()).toEqual(['a > b'])
    fixture.hermesDb.db.exec("UPDATE sessions SET ended_at = NULL, end_reason = NULL WHERE id = 'a'")
    expect(await listFormatted()).toEqual(['b', 'a'])
  })
})

describe.each<HermesLayout>(['newest', 'compacting', 'v7', 'v2'])('a Hermes database of the layout %s', (layout) => {
  test('is listed by conversation', async () => {
    await using old = await ConversationFixture.open(layout)
    old.hermesDb.addSession('a', { end_reason: 'cli_close', started_at: 1 })
    old.hermesDb.addSession('b', { parent_session_id: 'a', started_at: 3 })
    old.hermesDb.addMessage('a', 2, { content: 'Hello' })
    old.hermesDb.addMessage('b', 4, { content: 'Hello' })
    expect((await old.conversations.listPage(firstPage, {})).map(format)).toEqual(['a > b'])
  })
})

test.each([
  ['sessions', 'end_reason', ['b', 'a']],
  ['sessions', 'parent_session_id', ['b', 'a']],
  ['sessions', 'source', ['a > b']],
  ['sessions', 'started_at', ['a > b']],
  ['messages', 'timestamp', ['a > b']],
  ['messages', 'active', ['a > b']],
] as const)('conversations are listed without the column %s.%s', async (table, column, expected) => {
  await using old = await ConversationFixture.open('v2')
  old.hermesDb.addSession('a', { end_reason: 'compression', started_at: 1 })
  old.hermesDb.addSession('b', { parent_session_id: 'a', started_at: 3 })
  for (const [index, id] of ['a', 'b'].entries()) old.hermesDb.addMessage(id, index + 5, { content: 'Hello' })
  old.hermesDb.db.exec(
    'DROP INDEX idx_sessions_source; DROP INDEX idx_sessions_parent; DROP INDEX idx_sessions_started; DROP INDEX idx_messages_session',
  )
  if (old.hermesDb.columnNames(table).has(column)) old.hermesDb.db.exec(`ALTER TABLE ${table} DROP COLUMN ${column}`)
  expect((await old.conversations.listPage(firstPage, {})).map(format)).toEqual(expected)
})

test("a conversation of Hermes has the root's title, also when its tip is renamed in Hermes", async () => {
  addHermesSession('a', [1], { ...ended, title: 'Trees', title_source: 'llm' })
  addHermesSession('b', [2], { parent_session_id: 'a', title: 'On woods', title_source: 'llm' })
  expect((await listAll()).map(deriveConversationTitle)).toEqual(['Trees'])
  fixture.hermesDb.db.exec("UPDATE sessions SET title_source = 'user' WHERE id = 'b'")
  expect((await listAll()).map(deriveConversationTitle)).toEqual(['Trees'])
  // Hermes takes a title away from an ancestor that has it already.
  fixture.hermesDb.db.exec(
    "UPDATE sessions SET title = NULL WHERE id = 'a'; UPDATE sessions SET title = 'Trees' WHERE id = 'b'",
  )
  expect((await listAll()).map(deriveConversationTitle)).toEqual(['Trees'])
})

describe('while conversations are added, removed and moved,', () => {
  test.each([false, true])('pages show each of the others exactly once (backwards: %s)', async (backwards) => {
    for (let i = 0; i < 24; i++) {
      if (i % 3 === 0) await addSegueSession(segueId(i), 100 + (i % 5))
      else addHermesSession(`s${i}`, [100 + (i % 5)], i % 2 ? ended : {})
    }
    const stable = await listFormatted()
    const listed: string[] = []
    let key: SessionSortKey | null = null
    for (let step = 0; ; step++) {
      const bounds = backwards ? { before: key, after: null } : { before: null, after: key }
      const found: Conversation[] = await fixture.conversations.listPage({ ...bounds, limit: 4, backwards }, {})
      const end = backwards ? found[0] : found.at(-1)
      if (!end) break
      listed.push(...found.map(format))
      key = { id: end.root.id, lastActivityAt: end.lastActivityAt }
      if (step >= 5) continue
      // Adds conversations at both ends, and moves one from the bottom to the top.
      addHermesSession(`new${step}`, [500 + step])
      await addSegueSession(segueId(100 + step), 1)
      addHermesSession(`mover${step}`, [50])
      fixture.hermesDb.addMessage(`mover${step}`, 600 + step)
    }
    const listedStable = listed.filter((id) => stable.includes(id))
    expect(listedStable.toSorted()).toEqual(stable.toSorted())
    expect(new Set(listed).size).toBe(listed.length)
  })
})

test('a list of Hermes conversations does not read the list of Segue', async () => {
  addHermesSession('hermes', [1], ended)
  addHermesSession('crossing', [2], ended)
  await addSegueSession(segueId(1), 3, { parentId: 'crossing' })
  await addSegueSession(segueId(2), 4)
  const listSegue = vi.spyOn(fixture.profile.segueSessions, 'listConversations')
  expect(await listFormatted({ origin: 'HERMES' })).toEqual(['hermes'])
  expect(listSegue).not.toHaveBeenCalled()
  expect(await listFormatted({ origin: 'SEGUE' })).toEqual([segueId(2), `crossing > ${segueId(1)}`])
  expect(listSegue).toHaveBeenCalledOnce()
  listSegue.mockRestore()
})
