import { newStoreFile } from '../../../support/files/store-file.ts'
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { AgentRun } from '../../../../src/agent/agent.ts'
import { ToolError } from '../../../../src/agent/tools/tool.ts'
import type { ToolboxOptions } from '../../../../src/agent/tools/toolbox.ts'
import { yieldToEventLoop } from '../../../../src/lib/async/yield-to-event-loop.ts'
import { newLatch } from '../../../support/fixtures/chats/agent-chats.ts'
import { listStoredCalls, useDecisionChats, waitForEnd } from '../../../support/fixtures/chats/decision-chats.ts'
import { newToolbox } from '../../../support/fixtures/toolbox.ts'
import { answerWithCalls, newTool, newToolCallRequest, newToolSource } from '../../../support/fixtures/tools.ts'
import { RecordingLogger } from '../../../support/recording-logger.ts'

const { newChats, newScriptedChats } = useDecisionChats()

test('a tool that fails unexpectedly or times out fails its call, and the answer continues', async () => {
  const log = new RecordingLogger()
  const tools = [
    newTool({ name: 'sorry', isReadOnly: true, execute: async () => Promise.reject(new ToolError('No such file.')) }),
    newTool({ name: 'odd', isReadOnly: true, execute: async () => Promise.reject(Object.create(null)) }),
    newTool({ name: 'deaf', isReadOnly: true, execute: () => new Promise(() => {}) }),
  ]
  const toolboxOptions = { toolTimeoutMs: 20, log }
  const chat = newChats(
    tools,
    [newToolCallRequest('sorry'), newToolCallRequest('odd'), newToolCallRequest('deaf')],
    toolboxOptions,
  )
  const stream = await chat.start('Do it.')
  expect(await waitForEnd(chat, stream)).toMatchObject({ status: 'COMPLETED' })
  expect((await listStoredCalls(chat, stream.id)).map(({ state, error }) => [state, error])).toEqual([
    ['FAILED', 'No such file.'],
    ['FAILED', 'The tool failed with an internal error.'],
    ['FAILED', 'The tool did not finish within 0.02 seconds. It may or may not have taken effect.'],
  ])
  expect(log.errors).toHaveLength(1)
})

test('a result of 33 MB is stored in a file, and the other streams continue meanwhile', async () => {
  const length = 33_000_000
  const text = '0123456789'.repeat(length / 10)
  const stored = newLatch()
  const huge = newTool({ name: 'huge', isReadOnly: true, execute: async () => text })
  let storeFile: ToolboxOptions['storeFile'] = async () => Promise.reject(new Error('There is no store yet.'))
  const toolbox = newToolbox({
    source: newToolSource(huge),
    storeFile: async (file) => {
      const storedFile = await storeFile(file)
      stored.open()
      return storedFile
    },
  })
  const chat = newScriptedChats(answerWithCalls(toolbox, newToolCallRequest('huge')), async function* (run: AgentRun) {
    for (let count = 0; !run.signal.aborted; count += 1) {
      yield { type: 'text', block: '1', text: `${count} ` }
      await yieldToEventLoop()
    }
  })
  storeFile = newStoreFile((bytes) => chat.profile.blobs.put(bytes))
  const stream = await chat.start('Get all of it.')
  const otherStream = await chat.start('Talk.')
  await stored.opened
  expect(await waitForEnd(chat, stream)).toMatchObject({ status: 'COMPLETED' })
  expect((await chat.chats.cancel(otherStream.id)).answer?.parts).toMatchObject([{ text: /^0 1 2 / }])
  const [call] = await listStoredCalls(chat, stream.id)
  const hash = createHash('sha256').update(text).digest('hex')
  expect(call).toMatchObject({ state: 'SUCCEEDED', resultFile: hash })
  expect(String(call?.result).length).toBeLessThan(50_200)
  expect((await chat.profile.blobs.get(hash))?.toString() === text).toBe(true)
  expect(JSON.stringify(await chat.readLog(stream.sessionId)).length).toBeLessThan(200_000)
  expect(await chat.profile.eventStore.findUnreferencedBlobs([hash])).toEqual([])
})
