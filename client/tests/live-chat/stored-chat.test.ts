import { expect, test } from 'vitest'
import { startSegueWithProvider } from '../../../tests/support/server/segue-with-provider.ts'
import { createSegueClient } from '../../src/index.ts'
import type { SnapshotStorage } from '../../src/react/index.ts'
import { StoredSource } from '../../src/react/snapshot-storage.ts'
import { waitUntil } from '../../../tests/support/wait-until.ts'
import { ShownChat } from '../support/shown-chat.ts'

/** A storage that keeps clones, as a browser does. */
class CloningStorage implements SnapshotStorage {
  readonly #snapshots = new Map<string, unknown>()

  async read<Snapshot extends object>(key: string): Promise<Snapshot | null> {
    return (structuredClone(this.#snapshots.get(key)) ?? null) as Snapshot | null
  }

  write(key: string, snapshot: object): void {
    this.#snapshots.set(key, structuredClone(snapshot))
  }
}

/** Nothing answers here. */
const deadUrl = 'http://127.0.0.1:9'

test('a chat that was shown is shown again without a server, and is still loading', async () => {
  const storage = new CloningStorage()
  let sessionId: string | null = null
  {
    await using server = await startSegueWithProvider()
    server.provider.enqueue('Here it is.')
    using shown = new ShownChat(server.segue.url, { storage })
    await shown.chat.send({ text: 'Where?' })
    await shown.untilTexts('Where?', 'Here it is.')
    ;({ sessionId } = shown.state)
  }
  using again = new ShownChat(deadUrl, { sessionId, storage })
  await again.until(({ messages }) => messages.length === 2)
  expect(again.texts).toEqual(['Where?', 'Here it is.'])
  expect(again.state).toMatchObject({ isLoading: true, isSending: false, error: null, sessionId })
})

test('a list that was shown is shown again without a server', async () => {
  const storage = new CloningStorage()
  {
    await using server = await startSegueWithProvider()
    server.provider.enqueue('Yes.')
    await server.client.start({ text: 'A title' })
    const client = createSegueClient({ url: server.segue.url })
    const source = new StoredSource(client.conversations(), storage, 'list')
    const leave = source.subscribe(() => undefined)
    await waitUntil(() => source.getSnapshot().conversations.length === 1)
    leave()
    client.close()
  }
  const client = createSegueClient({ url: deadUrl })
  const source = new StoredSource(client.conversations(), storage, 'list')
  const leave = source.subscribe(() => undefined)
  await waitUntil(() => source.getSnapshot().conversations.length === 1)
  expect(source.getSnapshot().conversations[0]?.title).toBe('A title')
  leave()
  client.close()
})
