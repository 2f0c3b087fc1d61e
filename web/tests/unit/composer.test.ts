import type { CancelResult, ChatMessage, ChatStream } from 'segue-client'
import { expect, test } from 'vitest'
import { noUsage } from '../../../src/model/usage.ts'
import { emptyDraft } from '../../src/chat/composer/draft/draft-state.ts'
import { formatBytes } from '../../src/chat/composer/files/format-bytes.ts'
import { describeStop } from '../../src/chat/composer/send/describe-stop.ts'
import { findSendProblem } from '../../src/chat/composer/send/find-send-problem.ts'
import { describeModel } from '../../src/chat/composer/settings/models/describe-model.ts'
import { findDropIndex, moveTo } from '../../src/chat/queue/move-to.ts'

const stream: ChatStream = {
  id: 'str_1',
  sessionId: 'ses_1',
  status: 'CANCELLED',
  model: 'a/b',
  usage: noUsage,
  startedAt: 0,
  finishedAt: 1,
  lastSeq: 3,
  error: null,
}

const message = (...parts: ChatMessage['parts']): ChatMessage => ({
  id: 'msg_1',
  sessionId: 'ses_1',
  role: 'ASSISTANT',
  kind: 'CHAT',
  status: 'PARTIAL',
  parts,
  createdAt: 0,
  streamId: 'str_1',
  model: 'a/b',
  usage: null,
})

const stopped = (result: Partial<CancelResult>): string =>
  describeStop({ outcome: 'CANCELLED', stream, message: null, withdrawn: [], ...result })

test('a stopped answer says what was saved', () => {
  expect(stopped({})).toBe('Stopped before anything was written.')
  expect(stopped({ message: message({ type: 'text', text: 'One, two.', step: 0 }) })).toBe('Stopped. Saved: 2 words.')
  expect(stopped({ message: message({ type: 'reasoning', text: 'Hm.', step: 0 }) })).toBe('Stopped. Saved: reasoning.')
  expect(stopped({ outcome: 'ALREADY_FINISHED' })).toBe('The answer had ended before it could be stopped.')
  const withdrawn = [message(), message()]
  expect(stopped({ withdrawn })).toContain('The 2 messages that had not joined the answer are back in the composer.')
})

test('a draft says why it cannot be sent', () => {
  expect(findSendProblem(emptyDraft, 10)).toBe('')
  expect(findSendProblem({ ...emptyDraft, text: ' \n' }, 10)).toBe('')
  expect(findSendProblem({ ...emptyDraft, text: 'Hello' }, 10)).toBeNull()
  expect(findSendProblem({ ...emptyDraft, text: 'Hello there' }, 10)).toBe('11 of at most 10 characters')
})

test('a message that is dragged takes the place of those whose middle it has passed', () => {
  const rows = [0, 50, 100].map((top) => ({ getBoundingClientRect: () => new Box(top) }))
  expect(findDropIndex(rows, 2, 20)).toBe(0)
  expect(findDropIndex(rows, 2, 40)).toBe(1)
  expect(findDropIndex(rows, 0, 90)).toBe(1)
  expect(findDropIndex(rows, 0, 200)).toBe(2)
  expect(moveTo(['a', 'b', 'c'], 'c', 0)).toEqual(['c', 'a', 'b'])
  expect(moveTo(['a', 'b', 'c'], 'a', 1)).toEqual(['b', 'a', 'c'])
})

test('a model says what it can do', () => {
  const model = { qualifiedName: 'a/b', name: 'b', provider: 'a', isDefault: false, efforts: ['low', 'mid', 'high'] }
  const known = { contextWindow: 128_000, supportsImages: false, supportsTools: true, omittedTools: ['x', 'y'] }
  expect(describeModel({ ...model, ...known })).toBe('128K tokens · effort low to high · no images · without 2 tools')
  const unknown = { contextWindow: null, supportsImages: null, supportsTools: null, omittedTools: [] }
  expect(describeModel({ ...model, ...unknown, efforts: [] })).toBe('')
})

test('sizes of files are for people', () => {
  expect(formatBytes(0)).toBe('0 byte')
  expect(formatBytes(1500)).toBe('1.5 kB')
  expect(formatBytes(10 * 1024 * 1024)).toBe('10 MB')
})

/** A row that is 50 pixels high. */
class Box implements DOMRect {
  readonly x = 0
  readonly y: number
  readonly width = 100
  readonly height = 50
  readonly left = 0
  readonly right = 100
  readonly top: number
  readonly bottom: number
  constructor(top: number) {
    this.y = top
    this.top = top
    this.bottom = top + 50
  }
  toJSON(): unknown {
    return this
  }
}
