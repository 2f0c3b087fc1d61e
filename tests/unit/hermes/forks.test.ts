import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { HermesReader } from '../../../src/hermes/hermes-reader.ts'
import { loadLineageSummary } from '../../../src/model/conversation/lineage.ts'
import { withoutRetries } from '../../support/sessions/lineage-reader.ts'
import type { HermesDb, HermesLayout, HermesRow } from '../../support/hermes/hermes-db.ts'
import { firstPage, newDb, newReader } from '../../support/hermes/hermes-fixtures.ts'

const continuableEnds = ['cli_close', 'compression'] as const

/** A session with four messages that has ended: two turns, the second one with a tool. The rowids begin at 1. */
function addParent(hermes: HermesDb, row: HermesRow = {}): void {
  hermes.addSession('parent', { started_at: 100, ended_at: 110, end_reason: 'cli_close', ...row })
  hermes.addMessage('parent', 100.25, { content: 'Plant a tree.' })
  hermes.addMessage('parent', 101.125, { role: 'assistant', content: 'Which one?' })
  hermes.addMessage('parent', 102.5, { content: 'An oak.' })
  hermes.addToolCalls('parent', 103.1, ['call-1'])
  hermes.addToolResult('parent', 104.7, 'call-1', 'planted')
}

/** Forks the parent as Hermes' API server does. */
function addFork(hermes: HermesDb, id = 'fork', row: HermesRow = {}): void {
  hermes.addSession(id, { source: 'api_server', parent_session_id: 'parent', started_at: 200, ...row })
  hermes.copyMessages('parent', id)
}

/** The root of each session, as the index and as a walk over its ancestors find it. They must agree. */
async function findRoots(reader: HermesReader, ids: readonly string[]): Promise<Record<string, string>> {
  const roots: Record<string, string> = {}
  const indexed = reader.findConversationsBySession(ids)
  for (const session of reader.findSessions(ids)) {
    const find = withoutRetries((id) => Promise.resolve(reader.findSessions([id])[0] ?? null))
    const { root } = await loadLineageSummary(session, find)
    expect(indexed.get(session.id)?.rootId, session.id).toBe(root.id)
    roots[session.id] = root.id
  }
  return roots
}

function findForkedFrom(reader: HermesReader, id = 'fork'): string | null | undefined {
  return reader.findSessions([id])[0]?.forkedFrom
}

describe('A session that begins with all active messages of its parent', () => {
  test.each(continuableEnds)('is a fork of a parent that ended in %s', async (end) => {
    const hermes = newDb(undefined, 'v22')
    addParent(hermes, { end_reason: end })
    addFork(hermes)
    const { reader } = newReader(hermes.path)
    expect(await findRoots(reader, ['parent', 'fork'])).toEqual({ parent: 'parent', fork: 'fork' })
    // The last copied row is the result of a call: the call's message shows it.
    expect(findForkedFrom(reader)).toBe('parent:4')
    expect(reader.findMessage('parent:4')).toMatchObject({ parts: [{ type: 'tool' }] })
    hermes.addMessage('fork', 201, { content: 'And an elm.' })
    expect(await findRoots(reader, ['parent', 'fork'])).toEqual({ parent: 'parent', fork: 'fork' })
    expect(reader.listConversations(firstPage(5), {})?.conversations).toMatchObject([
      { rootId: 'fork', segmentCount: 1 },
      { rootId: 'parent', segmentCount: 1 },
    ])
  })

  test.each<HermesLayout>(['newest', 'compacting', 'v22', 'v7', 'v2'])('is a fork in a %s file', async (layout) => {
    const hermes = newDb(undefined, layout)
    addParent(hermes)
    hermes.addSession('fork', { source: 'api_server', parent_session_id: 'parent', started_at: 200 })
    hermes.db.exec(`INSERT INTO messages (session_id, role, content, timestamp, tool_call_id, tool_calls)
      SELECT 'fork', role, content, timestamp, tool_call_id, tool_calls FROM messages ORDER BY id`)
    const { reader, log } = newReader(hermes.path)
    expect(await findRoots(reader, ['parent', 'fork'])).toEqual({ parent: 'parent', fork: 'fork' })
    expect(log).toEqual([])
  })

  test('is a fork as soon as the copies are there', async () => {
    const hermes = newDb(undefined, 'v22')
    addParent(hermes)
    hermes.addSession('fork', { source: 'api_server', parent_session_id: 'parent', started_at: 200 })
    const { reader } = newReader(hermes.path)
    expect(await findRoots(reader, ['fork'])).toEqual({ fork: 'parent' })
    hermes.copyMessages('parent', 'fork')
    expect(await findRoots(reader, ['fork'])).toEqual({ fork: 'fork' })
  })

  test('has continuations of its own', async () => {
    const hermes = newDb(undefined, 'v22')
    addParent(hermes)
    addFork(hermes, 'fork', { ended_at: 210, end_reason: 'compression' })
    hermes.addSession('later', { source: 'api_server', parent_session_id: 'fork', started_at: 210 })
    hermes.addMessage('later', 211, { content: '[CONTEXT COMPACTION] A tree.' })
    hermes.addSession('real', { parent_session_id: 'parent', started_at: 220 })
    hermes.addMessage('real', 221, { content: 'Back again.' })
    const { reader } = newReader(hermes.path)
    const roots = { parent: 'parent', fork: 'fork', later: 'fork', real: 'parent' }
    expect(await findRoots(reader, Object.keys(roots))).toEqual(roots)
  })

  test('names the message it was forked from, however its parent ended', () => {
    const hermes = newDb(undefined, 'v22')
    addParent(hermes, { end_reason: 'branched', ended_at: 200 })
    addFork(hermes)
    expect(findForkedFrom(newReader(hermes.path).reader)).toBe('parent:4')
  })

  test('is a fork of a parent that has gone on since, up to the message of then', async () => {
    const hermes = newDb(undefined, 'v22')
    addParent(hermes)
    addFork(hermes)
    const { reader } = newReader(hermes.path)
    expect(await findRoots(reader, ['fork'])).toEqual({ fork: 'fork' })
    hermes.addMessage('parent', 300, { content: 'A pine.' })
    expect(await findRoots(reader, ['fork'])).toEqual({ fork: 'fork' })
    expect(findForkedFrom(reader)).toBe('parent:4')
  })
})

describe('A session is a continuation if it begins with', () => {
  test.each<[string, (hermes: HermesDb) => void]>([
    ['no message', () => undefined],
    ['a summary', (hermes) => hermes.addMessage('child', 201, { content: '[CONTEXT COMPACTION] An oak.' })],
    [
      'the first messages, and then a summary',
      (hermes) => {
        hermes.addMessage('child', 100.25, { content: 'Plant a tree.' })
        hermes.addMessage('child', 101.125, { role: 'assistant', content: 'Which one?' })
        hermes.addMessage('child', 201, { content: '[CONTEXT COMPACTION] An oak.' })
      },
    ],
    ['copies with times of their own', (hermes) => hermes.copyMessages('parent', 'child', { timestamp: 200.5 })],
    ['copies with other contents', (hermes) => hermes.copyMessages('parent', 'child', { content: 'An elm.' })],
    ['copies of other calls', (hermes) => hermes.copyMessages('parent', 'child', { tool_call_id: 'call-9' })],
    ['copies in another role', (hermes) => hermes.copyMessages('parent', 'child', { role: 'assistant' })],
    [
      'the last messages only',
      (hermes) => {
        hermes.copyMessages('parent', 'child')
        hermes.db.exec(`DELETE FROM messages WHERE id = (SELECT min(id) FROM messages WHERE session_id = 'child')`)
      },
    ],
    [
      'all messages but the last',
      (hermes) => {
        hermes.copyMessages('parent', 'child')
        hermes.db.exec(`DELETE FROM messages WHERE id = (SELECT max(id) FROM messages WHERE session_id = 'child')`)
        hermes.addMessage('child', 201)
      },
    ],
  ])('%s', async (_, addMessages) => {
    const hermes = newDb(undefined, 'v22')
    addParent(hermes)
    hermes.addSession('child', { parent_session_id: 'parent', started_at: 200 })
    addMessages(hermes)
    const { reader } = newReader(hermes.path)
    expect(await findRoots(reader, ['child'])).toEqual({ child: 'parent' })
    expect(findForkedFrom(reader, 'child')).toBeNull()
  })
})

describe('A fork stays one, and names the same message, when its parent', () => {
  test.each<[string, (hermes: HermesDb) => void]>([
    [
      'is compacted',
      (hermes) => {
        hermes.archiveMessages('parent')
        hermes.addMessage('parent', 300, { content: '[CONTEXT COMPACTION] An oak.' })
      },
    ],
    [
      'is compacted with copies that keep their times',
      (hermes) => {
        hermes.archiveMessages('parent')
        hermes.addMessage('parent', 100.25, { content: 'Plant a tree.' })
        hermes.addMessage('parent', 300, { content: '[CONTEXT COMPACTION] An oak.' })
        hermes.addToolCalls('parent', 103.1, ['call-1'], { content: 'shortened' })
        hermes.addToolResult('parent', 104.7, 'call-1', 'shortened')
      },
    ],
    [
      'is compacted twice',
      (hermes) => {
        for (const at of [300, 400]) {
          hermes.archiveMessages('parent')
          hermes.addMessage('parent', at, { content: `[CONTEXT COMPACTION] An oak at ${at}.` })
          hermes.addMessage('parent', at + 1, { content: 'Go on.' })
        }
      },
    ],
  ])('%s', async (_, change) => {
    const hermes = newDb(undefined, 'v22')
    addParent(hermes)
    addFork(hermes)
    hermes.addMessage('fork', 201, { content: 'And an elm.' })
    const before = newReader(hermes.path).reader
    expect(await findRoots(before, ['fork'])).toEqual({ fork: 'fork' })
    change(hermes)
    for (const reader of [before, newReader(hermes.path).reader]) {
      expect(await findRoots(reader, ['fork'])).toEqual({ fork: 'fork' })
      expect(findForkedFrom(reader)).toBe('parent:4')
    }
  })
})

describe('A fork stays one when its parent', () => {
  test.each<[string, (hermes: HermesDb) => void, string | null]>([
    ['takes back its last turn', (hermes) => hermes.undoMessages('parent', 3), 'parent:2'],
    ['takes back everything', (hermes) => hermes.undoMessages('parent', 1), null],
    ['is rewritten with the same times', (hermes) => hermes.rewriteMessages('parent', 2), 'parent:12'],
  ])('%s', async (_, change, forkedFrom) => {
    const hermes = newDb(undefined, 'v22')
    addParent(hermes)
    addFork(hermes)
    const before = newReader(hermes.path).reader
    expect(await findRoots(before, ['fork'])).toEqual({ fork: 'fork' })
    change(hermes)
    for (const reader of [before, newReader(hermes.path).reader]) {
      expect(await findRoots(reader, ['fork'])).toEqual({ fork: 'fork' })
      expect(findForkedFrom(reader)).toBe(forkedFrom)
    }
  })
})

describe('A fork of a session', () => {
  test('that was compacted in place begins with what was active then', async () => {
    const hermes = newDb(undefined, 'v22')
    addParent(hermes)
    hermes.archiveMessages('parent')
    hermes.addMessage('parent', 100.25, { content: 'Plant a tree.' })
    hermes.addMessage('parent', 150, { content: '[CONTEXT COMPACTION] An oak.' })
    hermes.addMessage('parent', 151, { role: 'assistant', content: 'Done.' })
    addFork(hermes)
    const { reader } = newReader(hermes.path)
    expect(await findRoots(reader, ['fork'])).toEqual({ fork: 'fork' })
    expect(findForkedFrom(reader)).toBe('parent:8')
    hermes.archiveMessages('parent')
    hermes.addMessage('parent', 300, { content: '[CONTEXT COMPACTION] An oak and more.' })
    expect(await findRoots(reader, ['fork'])).toEqual({ fork: 'fork' })
    expect(findForkedFrom(reader)).toBe('parent:8')
  })

  test('that was compacted in place names the original of the last copy', async () => {
    const hermes = newDb(undefined, 'v22')
    addParent(hermes)
    hermes.archiveMessages('parent')
    hermes.addMessage('parent', 150, { content: '[CONTEXT COMPACTION] An oak.' })
    hermes.addToolCalls('parent', 150.000001, ['call-1'])
    hermes.addToolResult('parent', 150.000002, 'call-1', 'planted')
    addFork(hermes)
    const { reader } = newReader(hermes.path)
    expect(await findRoots(reader, ['fork'])).toEqual({ fork: 'fork' })
    expect(findForkedFrom(reader)).toBe('parent:4')
    hermes.archiveMessages('parent')
    hermes.addMessage('parent', 300, { content: '[CONTEXT COMPACTION] An oak and more.' })
    hermes.addMessage('parent', 301, { content: 'Go on.' })
    expect(findForkedFrom(reader)).toBe('parent:4')
  })

  test('that had taken back a turn lacks it', async () => {
    const hermes = newDb(undefined, 'v22')
    addParent(hermes)
    hermes.undoMessages('parent', 3)
    addFork(hermes)
    hermes.addMessage('fork', 201, { content: 'A pine.' })
    const { reader } = newReader(hermes.path)
    expect(await findRoots(reader, ['fork'])).toEqual({ fork: 'fork' })
    expect(findForkedFrom(reader)).toBe('parent:2')
  })

  test('continues nothing and names no message once the session is pruned', async () => {
    const hermes = newDb(undefined, 'v22')
    addParent(hermes)
    addFork(hermes)
    const { reader } = newReader(hermes.path)
    expect(await findRoots(reader, ['fork'])).toEqual({ fork: 'fork' })
    hermes.db.exec(`UPDATE sessions SET parent_session_id = NULL;
      DELETE FROM messages WHERE session_id = 'parent'; DELETE FROM sessions WHERE id = 'parent'`)
    expect(await findRoots(reader, ['fork'])).toEqual({ fork: 'fork' })
    expect(findForkedFrom(reader)).toBeNull()
  })
})

test('the index and the sessions agree after every change of the parent alone', async () => {
  const hermes = newDb(undefined, 'v22')
  addParent(hermes)
  hermes.addSession('child', { parent_session_id: 'parent', started_at: 200 })
  hermes.addMessage('child', 102.5, { content: 'An oak.' })
  hermes.addMessage('child', 201, { content: 'And an elm.' })
  const { reader } = newReader(hermes.path)
  expect(await findRoots(reader, ['child'])).toEqual({ child: 'parent' })
  hermes.db.exec(`DELETE FROM messages WHERE session_id = 'parent'`)
  hermes.addMessage('parent', 102.5, { content: 'An oak.' })
  expect(await findRoots(reader, ['child'])).toEqual({ child: 'child' })
  hermes.addMessage('parent', 103, { content: 'A pine.' })
  expect(await findRoots(reader, ['child'])).toEqual({ child: 'parent' })
  hermes.undoMessages('parent', 9)
  expect(await findRoots(reader, ['child'])).toEqual({ child: 'child' })
})

test('the index that an earlier start has left agrees with the sessions', async () => {
  const hermes = newDb(undefined, 'v22')
  addParent(hermes)
  addFork(hermes)
  hermes.addSession('real', { parent_session_id: 'parent', started_at: 220 })
  hermes.addMessage('real', 221)
  const indexPath = join(dirname(hermes.path), 'index.db')
  const roots = { parent: 'parent', fork: 'fork', real: 'parent' }
  const first = newReader(hermes.path, 100, { indexPath }).reader
  expect(await findRoots(first, Object.keys(roots))).toEqual(roots)
  first.close()
  hermes.rewriteMessages('fork', 1, { content: 'An elm.' })
  expect(await findRoots(newReader(hermes.path, 100, { indexPath }).reader, Object.keys(roots))).toEqual({
    ...roots,
    fork: 'parent',
  })
})

describe('A marked branch', () => {
  const branch = { parent_session_id: 'parent', started_at: 200, model_config: '{"_branched_from":"parent"}' }

  test('names the last copied message, although its copies have times of their own', async () => {
    const hermes = newDb(undefined, 'v22')
    addParent(hermes)
    hermes.addSession('branch', branch)
    hermes.copyMessages('parent', 'branch', { timestamp: 200.5 })
    hermes.addMessage('branch', 201, { content: 'A pine.' })
    const { reader } = newReader(hermes.path)
    expect(findForkedFrom(reader, 'branch')).toBe('parent:4')
    expect(await findRoots(reader, ['branch'])).toEqual({ branch: 'branch' })
  })

  test('names the message before the first one of its own', () => {
    const hermes = newDb(undefined, 'v22')
    addParent(hermes)
    hermes.addMessage('parent', 90, { role: 'session_meta' })
    hermes.addSession('branch', branch)
    hermes.addMessage('branch', 200.5, { role: 'session_meta' })
    hermes.addMessage('branch', 200.5, { content: ' Plant a tree.\n' })
    hermes.addMessage('branch', 200.5, { content: 'Which one?', role: 'assistant' })
    hermes.addMessage('branch', 201, { content: 'A pine.' })
    const { reader } = newReader(hermes.path)
    expect(findForkedFrom(reader, 'branch')).toBe('parent:2')
  })

  test('that copied roles and texts alone names the last message', () => {
    const hermes = newDb(undefined, 'v22')
    addParent(hermes)
    hermes.addSession('branch', branch)
    hermes.copyMessages('parent', 'branch', { timestamp: 200.5, tool_call_id: null, tool_calls: null })
    expect(findForkedFrom(newReader(hermes.path).reader, 'branch')).toBe('parent:4')
  })

  test.each([
    ['without messages', () => undefined],
    ['with other messages', (hermes: HermesDb) => void hermes.addMessage('branch', 201, { content: 'A pine.' })],
  ])('%s names none', (_, addMessages) => {
    const hermes = newDb(undefined, 'v22')
    addParent(hermes)
    hermes.addSession('branch', branch)
    addMessages(hermes)
    expect(findForkedFrom(newReader(hermes.path).reader, 'branch')).toBeNull()
  })

  test('passes its marker on to a continuation, which is forked from nothing', async () => {
    const hermes = newDb(undefined, 'v22')
    addParent(hermes)
    hermes.addSession('branch', { ...branch, ended_at: 210, end_reason: 'compression' })
    hermes.copyMessages('parent', 'branch', { timestamp: 200.5 })
    hermes.addSession('later', { ...branch, parent_session_id: 'branch', started_at: 210 })
    hermes.addMessage('later', 211, { content: '[CONTEXT COMPACTION] A tree.' })
    const { reader } = newReader(hermes.path)
    expect(await findRoots(reader, ['branch', 'later'])).toEqual({ branch: 'branch', later: 'branch' })
    expect(findForkedFrom(reader, 'later')).toBeNull()
  })
})

describe('Finding forks', () => {
  const isComparison = (sql: string): boolean =>
    sql.includes('copies.content') || /WHERE messages\.session_id = '[^']*' ORDER BY messages\.id$/.test(sql)

  test('compares no messages of continuations that begin with messages of their own', () => {
    const hermes = newDb(undefined, 'v22')
    hermes.transaction(() => {
      for (let i = 0; i < 1000; i++) {
        hermes.addSession(`s${i}`, {
          started_at: 10 * i,
          end_reason: 'compression',
          parent_session_id: i % 10 === 0 ? null : `s${i - 1}`,
        })
        hermes.addMessage(`s${i}`, 10 * i + 1, { content: '[CONTEXT COMPACTION] A tree.' })
      }
    })
    const { reader, statements } = newReader(hermes.path)
    expect(reader.listConversations(firstPage(200), {})?.conversations).toHaveLength(100)
    reader.findSessions(Array.from({ length: 500 }, (_, i) => `s${i}`))
    expect(statements.filter(isComparison)).toEqual([])
  })

  test('compares a fork once, until its parent changes or its own messages are replaced', async () => {
    const hermes = newDb(undefined, 'v22')
    addParent(hermes)
    addFork(hermes)
    const { reader, statements } = newReader(hermes.path)
    const countComparisons = async (): Promise<number> => {
      statements.length = 0
      reader.listConversations(firstPage(5), {})
      expect(await findRoots(reader, ['fork'])).toEqual({ fork: 'fork' })
      return statements.filter(isComparison).length
    }
    expect(await countComparisons()).toBeGreaterThan(0)
    expect(await countComparisons()).toBe(0)
    hermes.addMessage('fork', 201)
    hermes.addMessage(hermes.addSession('other'), 202)
    expect(await countComparisons()).toBe(0)
    hermes.undoMessages('parent', 3)
    expect(await countComparisons()).toBeGreaterThan(0)
    hermes.rewriteMessages('fork', 5)
    expect(await countComparisons()).toBeGreaterThan(0)
    expect(await countComparisons()).toBe(0)
  })
})
