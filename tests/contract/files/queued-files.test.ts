import { existsSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sha256Hex } from '../../../src/lib/text/sha256.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { isEventOfType, startChat, streamChat } from '../support/chat.ts'
import { UpdateQueuedMessageDocument } from '../generated/graphql.ts'
import { newTestEnvironment } from '../support/test-environment.ts'
import { mutate, readUntil, requireNonNull } from '../support/typed-client.ts'

const toFile = (content: string) => ({ name: 'a.txt', mediaType: 'text/plain', url: `data:,${content}` })

/** An answer that does not end, and a queued message with files. */
async function queueFiles(contents: readonly string[], answeredContent: string | null = null) {
  const environment = await newTestEnvironment('http')
  const { client, provider, segue } = environment
  await using other = environment.connect('webSocket')
  provider.enqueue([{ text: 'Half' }, { wait: new Promise<never>(() => {}) }])
  const files = answeredContent === null ? [] : [toFile(answeredContent)]
  const { last } = await readUntil(streamChat(other, { text: 'First', files }), isEventOfType('TextDelta'))
  const { sessionId } = last
  const { id } = requireNonNull(
    await startChat(client, { sessionId, text: 'Next', files: contents.map(toFile), ifBusy: 'QUEUE' }),
  )
  const pathOf = (content: string): string => join(segue.home, 'files', sha256Hex(content))
  // New files are kept, because a message may be about to refer to them.
  const old = new Date(Date.now() - 3_600_000)
  for (const content of contents) utimesSync(pathOf(content), old, old)
  return Object.assign(environment, {
    isStored: (content: string) => existsSync(pathOf(content)),
    update: (changed: readonly string[]) =>
      mutate(client, UpdateQueuedMessageDocument, { streamId: id, files: changed.map(toFile) }),
  })
}

test('A file that an edit takes away from a queued message is deleted, and the others stay', async () => {
  await using queue = await queueFiles(['one', 'two'])
  await queue.update(['two', 'three'])
  await waitUntil(() => !queue.isStored('one'))
  expect([queue.isStored('two'), queue.isStored('three')]).toEqual([true, true])
})

test('A file that an edit takes away stays if another message of the session has it', async () => {
  await using queue = await queueFiles(['one', 'two'], 'one')
  await queue.update([])
  await waitUntil(() => !queue.isStored('two'))
  expect(queue.isStored('one')).toBe(true)
})
