import { expect, test } from 'vitest'
import { type AcceptedActions, verifyRequests, verifyRuns, verifyTranscript } from './schedule-checks.ts'
import type { TranscriptMessage } from './schedule-operations.ts'
import type { SentMessage } from './sent-message.ts'

const newSent = (id: string, overrides: Partial<SentMessage> = {}): SentMessage => ({
  id,
  sessionId: 'session',
  text: `text ${id}.`,
  replacedTexts: [],
  streamId: `stream ${id}`,
  joinedStreamId: null,
  isWithdrawn: false,
  ...overrides,
})

const newStored = (id: string, overrides: Partial<TranscriptMessage> = {}): TranscriptMessage => ({
  id,
  role: 'USER',
  status: 'COMPLETE',
  text: `text ${id}.`,
  stream: { id: `stream ${id}`, status: 'COMPLETED' },
  steering: null,
  ...overrides,
})

const newActions = (...messages: SentMessage[]): AcceptedActions => ({
  messages,
  refusedTexts: [],
  stopped: new Map(),
  deniedArguments: [],
})

const answer = newStored('answer', { role: 'ASSISTANT', stream: { id: 'stream a', status: 'COMPLETED' } })
const joined = newSent('b', { streamId: null, joinedStreamId: 'stream a' })
const newSteering = (state: string): TranscriptMessage['steering'] => ({
  state,
  stream: { id: 'stream a', status: 'COMPLETED', message: { id: 'answer' } },
  step: state === 'APPLIED' ? 1 : null,
  partIndex: state === 'APPLIED' ? 1 : null,
})
const applied = newStored('b', { stream: null, steering: newSteering('APPLIED') })

test('a transcript with every message once, and an applied one before its answer, is right', () => {
  verifyTranscript([newStored('a'), applied, answer], newActions(newSent('a'), joined), 'session')
})

test.for<[string, TranscriptMessage[], AcceptedActions]>([
  ['is lost', [], newActions(newSent('a'))],
  ['is stored twice', [newStored('a'), newStored('a')], newActions(newSent('a'))],
  ['has its text of before the change', [newStored('a')], newActions(newSent('a', { text: 'changed' }))],
  ['was sent by nobody', [newStored('a')], newActions()],
  ['was taken back by nobody', [newStored('a', { status: 'WITHDRAWN' })], newActions(newSent('a'))],
  ['was taken back and is answered', [newStored('a')], newActions(newSent('a', { isWithdrawn: true }))],
  ['stands after the answer that it joined', [newStored('a'), answer, applied], newActions(newSent('a'), joined)],
  ['stands before what began the answer', [applied, newStored('a'), answer], newActions(newSent('a'), joined)],
  [
    'is left pending',
    [newStored('a'), newStored('b', { steering: newSteering('PENDING') }), answer],
    newActions(newSent('a'), joined),
  ],
  [
    'was taken back and applied',
    [newStored('a'), applied, answer],
    newActions(newSent('a'), { ...joined, isWithdrawn: true }),
  ],
])('a transcript with a message that %s is a violation', ([, transcript, actions]) => {
  expect(() => verifyTranscript(transcript, actions, 'session')).toThrow(
    expect.objectContaining({ name: 'InvariantViolation' }),
  )
})

test('requests with every message once are right', () => {
  verifyRequests(['text a.', 'text a. text b.'], [newStored('a'), applied], newActions(newSent('a'), joined))
})

test.for<[string, string[], AcceptedActions, TranscriptMessage]>([
  ['twice', ['text a. text a.'], newActions(newSent('a')), newStored('a')],
  ['never, though it is answered', ['text c.'], newActions(newSent('a')), newStored('a')],
  ['though it was taken back', ['text a.'], newActions(newSent('a')), newStored('a', { status: 'WITHDRAWN' })],
  [
    'as it was before it was changed',
    ['old text a.'],
    newActions(newSent('a', { replacedTexts: ['old'] })),
    newStored('a'),
  ],
])('a message that a model is sent %s is a violation', ([, requests, actions, stored]) => {
  expect(() => verifyRequests(requests, [stored], actions)).toThrow(
    expect.objectContaining({ name: 'InvariantViolation' }),
  )
})

test('a call that runs twice, or that was denied and runs, is a violation', () => {
  const actions = { ...newActions(), deniedArguments: ['{"note":"note 2."}'] }
  verifyRuns(new Map([['note 1.', 1]]), actions)
  expect(() => verifyRuns(new Map([['note 1.', 2]]), actions)).toThrow('more than once: note 1.')
  expect(() => verifyRuns(new Map([['note 2.', 1]]), actions)).toThrow('denied and ran: note 2.')
})
