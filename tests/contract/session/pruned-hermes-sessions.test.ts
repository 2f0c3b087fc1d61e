import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { HermesDb } from '../../support/hermes/hermes-db.ts'
import { newHome, newTempFolder } from '../../support/server/segue.ts'
import { exportToFile, importFromFile } from '../../support/transfer/transfers.ts'
import {
  ConversationOfSessionDocument,
  ConversationsDocument,
  FollowConversationsDocument,
  type FollowConversationsSubscription,
  MessagesDocument,
  RegenerateDocument,
  UpdateConversationDocument,
} from '../generated/graphql.ts'
import { followStream, isEventOfType, loadSession } from '../support/chat.ts'
import type { Client, Transport } from '../support/clients.ts'
import { newTestEnvironment, type TestEnvironment } from '../support/test-environment.ts'
import { ask, follow, mutate, readUntil, requireNonNull } from '../support/typed-client.ts'

type Change = FollowConversationsSubscription['conversationsChanged']

/** Folders that outlive a server, and the state.db of the Hermes agent in one of them. */
class HermesAgent implements Disposable {
  readonly hermesHome = newTempFolder()
  readonly home = newHome()
  readonly db = new HermesDb(join(this.hermesHome, 'state.db'))

  constructor(ids: readonly string[]) {
    for (const [index, id] of ids.entries()) this.addSession(id, { after: ids[index - 1], at: index * 10 })
  }

  /** A session of one turn, which can be continued. `after`: the one that it continues. */
  addSession(id: string, { after = null, at = 0 }: { after?: string | null | undefined; at?: number } = {}): void {
    this.db.addSession(id, {
      parent_session_id: after,
      started_at: at + 1,
      ended_at: at + 9,
      end_reason: 'compression',
    })
    this.db.addMessage(id, at + 2, { content: `Question in ${id}` })
    this.db.addMessage(id, at + 3, { role: 'assistant', content: `Answer in ${id}.` })
  }

  /** As Hermes does: what continued the session continues nothing any more. */
  prune(id: string): void {
    this.db.db.prepare<[string]>('UPDATE sessions SET parent_session_id = NULL WHERE parent_session_id = ?').run(id)
    this.db.removeSession(id)
    this.db.db.exec('VACUUM')
  }

  start(): Promise<TestEnvironment> {
    return newTestEnvironment('http', { settings: { home: this.home, hermesHome: this.hermesHome } })
  }

  [Symbol.dispose](): void {
    this.db.close()
    for (const folder of [this.home, this.hermesHome]) rmSync(folder, { recursive: true, force: true })
  }
}

/** Tries the last turn of a session again. Returns the ids of the retries, the oldest first. */
async function retryTwice({ client, provider }: TestEnvironment, sessionId: string): Promise<[string, string]> {
  const { edges } = requireNonNull((await ask(client, MessagesDocument, { sessionId })).session).messages
  const messageId = requireNonNull(edges.at(-1)).node.id
  const retry = async (answer: string) => {
    provider.enqueue(answer)
    const { regenerate: stream } = await mutate(client, RegenerateDocument, { messageId })
    await readUntil(followStream(client, stream.id), isEventOfType('StreamFinished'))
    return stream.session.id
  }
  return [await retry('Again.'), await retry('Once more.')]
}

const listConversations = async (client: Client, archived = false) =>
  (await ask(client, ConversationsDocument, { archived })).conversations.edges.map(({ node }) => node)

/** The changes from now on. */
async function* listen(environment: TestEnvironment, transport: Transport): AsyncGenerator<Change, void, void> {
  const changes = follow(environment.connect(transport), FollowConversationsDocument, {})
  for await (const { conversationsChanged } of changes) yield conversationsChanged
}

type ChangeSummary = readonly [kind: string, conversationId: string | null | undefined, detail: unknown]

/** With the number of segments of a conversation that is there, and the id of the one that continues a removed one. */
const summarize = ({ kind, conversationId, continuesIn, conversation }: Change): ChangeSummary =>
  kind === 'REMOVED' ? [kind, conversationId, continuesIn?.id] : [kind, conversationId, conversation?.segmentCount]

/** Reads changes until all of these have come, in any order. Returns the kinds and conversations of what it has read. */
async function readUntilAll(
  changes: AsyncGenerator<Change, void, void>,
  expected: readonly ChangeSummary[],
): Promise<string[]> {
  const missing = new Set(expected.map((change) => JSON.stringify(change)))
  const seen: string[] = []
  while (missing.size > 0) {
    const { value: change } = await changes.next()
    if (!change) throw new Error(`The subscription has ended without ${[...missing].join()}.`)
    seen.push(`${change.kind} ${change.conversationId}`)
    missing.delete(JSON.stringify(summarize(change)))
  }
  return seen
}

async function expectOneRow(
  client: Client,
  ids: readonly string[],
  lineage: { parent: { id: string } | null; root: string; segmentCount: number },
): Promise<void> {
  const { parent, root, segmentCount } = lineage
  for (const id of ids) {
    expect(await loadSession(client, id)).toMatchObject({ parent, lineageRoot: { id: root }, segmentCount })
    const { session } = await ask(client, ConversationOfSessionDocument, { id })
    expect(session?.conversation.root.id).toBe(root)
  }
}

describe.each(['webSocket', 'sse'] as const)('When Hermes prunes a session, its retries, over %s,', (transport) => {
  test('stay one conversation if it was the root, and what people set stays; it takes the place again if it comes back', async () => {
    using hermes = new HermesAgent(['root'])
    await using environment = await hermes.start()
    const { client } = environment
    const [first, second] = await retryTwice(environment, 'root')
    const settings = { pinned: true, archived: true, title: 'Kept' }
    await mutate(client, UpdateConversationDocument, { id: 'cnv_root', ...settings })
    const changes = listen(environment, transport)
    expect((await changes.next()).value).toMatchObject({ kind: 'READY' })
    expect(await listConversations(client, true)).toMatchObject([{ root: { id: 'root' }, segmentCount: 3 }])

    hermes.prune('root')
    await readUntilAll(changes, [
      ['REMOVED', 'cnv_root', `cnv_${first}`],
      ['UPSERTED', `cnv_${first}`, 2],
    ])
    expect(await listConversations(client, true)).toMatchObject([
      { root: { id: first }, tip: { id: second }, segmentCount: 2, ...settings },
    ])
    await expectOneRow(client, [first, second], { parent: null, root: first, segmentCount: 1 })

    hermes.addSession('root')
    await readUntilAll(changes, [
      ['REMOVED', `cnv_${first}`, 'cnv_root'],
      ['UPSERTED', 'cnv_root', 3],
    ])
    expect(await listConversations(client, true)).toMatchObject([
      { root: { id: 'root' }, tip: { id: second }, segmentCount: 3, ...settings },
    ])
    await expectOneRow(client, [first, second], { parent: null, root: 'root', segmentCount: 1 })
  })
})

describe('When Hermes prunes a session, its retries', () => {
  test('continue what it continued if it was in the middle; what continued it becomes a root', async () => {
    using hermes = new HermesAgent(['start', 'middle', 'end'])
    await using environment = await hermes.start()
    const { client } = environment
    const [first, second] = await retryTwice(environment, 'middle')
    await expectOneRow(client, [first, second], { parent: { id: 'start' }, root: 'start', segmentCount: 2 })
    const changes = listen(environment, 'webSocket')
    expect((await changes.next()).value).toMatchObject({ kind: 'READY' })
    expect(await listConversations(client)).toMatchObject([{ root: { id: 'start' }, segmentCount: 5 }])

    hermes.prune('middle')
    const seen = await readUntilAll(changes, [
      ['UPSERTED', 'cnv_start', 3],
      ['UPSERTED', 'cnv_end', 1],
    ])
    expect(new Set(seen)).toEqual(new Set(['UPSERTED cnv_start', 'UPSERTED cnv_end']))
    await expectOneRow(client, [first, second], { parent: { id: 'start' }, root: 'start', segmentCount: 2 })
    await expectOneRow(client, ['end'], { parent: null, root: 'end', segmentCount: 1 })
    const rows = await listConversations(client)
    expect(rows.map(({ root, segmentCount }) => [root.id, segmentCount]).toSorted()).toEqual([
      ['end', 1],
      ['start', 3],
    ])
    expect(await loadSession(client, 'start')).toMatchObject({ continuedBy: { id: second } })

    hermes.addSession('middle', { after: 'start', at: 10 })
    await readUntilAll(changes, [['UPSERTED', 'cnv_start', 4]])
    await expectOneRow(client, [first, second], { parent: { id: 'start' }, root: 'start', segmentCount: 2 })
    expect(await listConversations(client)).toHaveLength(2)
  })

  test('stay one conversation if it was pruned before Segue starts, with later retries, and after an export', async () => {
    using hermes = new HermesAgent(['start', 'middle'])
    let retries: [string, string]
    {
      await using environment = await hermes.start()
      retries = await retryTwice(environment, 'middle')
      await mutate(environment.client, UpdateConversationDocument, { id: 'cnv_start', pinned: true })
    }
    hermes.prune('middle')
    const lineage = { parent: { id: 'start' }, root: 'start', segmentCount: 2 }
    {
      await using environment = await hermes.start()
      const { client } = environment
      await expectOneRow(client, retries, lineage)
      const later = await retryTwice(environment, retries[1])
      await expectOneRow(client, later, lineage)
      expect(await listConversations(client)).toMatchObject([{ root: { id: 'start' }, segmentCount: 5, pinned: true }])
    }
    hermes.prune('start')
    const { home, hermesHome } = hermes
    const { path } = await exportToFile({ home, hermesHome, id: retries[1] })
    using importing = new HermesAgent([])
    await importFromFile(path, importing.home)
    for (const agent of [hermes, importing]) {
      await using environment = await agent.start()
      const { client } = environment
      await expectOneRow(client, retries, { parent: null, root: retries[0], segmentCount: 1 })
      const [row, ...others] = await listConversations(client)
      expect(row).toMatchObject({ root: { id: retries[0] }, segmentCount: 4, pinned: true })
      expect(others).toEqual([])
    }
  })
})
