import { InvariantViolation } from '../reader.ts'
import type { ScheduleActions } from './schedule-actions.ts'
import type { ScheduleClient } from './schedule-client.ts'
import * as operations from './schedule-operations.ts'
import type { TranscriptMessage } from './schedule-operations.ts'
import type { SentMessage } from './sent-message.ts'

/** What a server has accepted and refused. */
export type AcceptedActions = Pick<ScheduleActions, 'messages' | 'refusedTexts' | 'stopped' | 'deniedArguments'>

/** How often the queue and its log are read again because the session has changed in between. */
const queueAttempts = 5

/** Reads all messages of a session in their order. */
export async function readTranscript(client: ScheduleClient, id: string): Promise<readonly TranscriptMessage[]> {
  const { session } = await client.ask(operations.transcriptQuery, { id }, operations.transcriptSchema)
  return session.messages.edges.map(({ node }) => node)
}

/** Verifies that the queue of a session is what its newest `QueueChanged` says. A session that changes all the time is not checked. */
export async function verifyQueue(client: ScheduleClient, id: string): Promise<void> {
  for (let attempt = 0; attempt < queueAttempts; attempt += 1) {
    const { session: before } = await client.ask(operations.sessionStateQuery, { id }, operations.sessionStateSchema)
    let after = 0
    let logged: readonly string[] = []
    for (;;) {
      const { events } = await client.ask(operations.queueLogQuery, { id, after }, operations.queueLogSchema)
      const last = events.at(-1)
      if (!last) break
      after = last.seq
      logged = events.findLast(({ streamIds }) => streamIds)?.streamIds ?? logged
    }
    const { session } = await client.ask(operations.sessionStateQuery, { id }, operations.sessionStateSchema)
    const queue = session.queue.map((stream) => stream.id)
    if (before.headSeq !== after || session.headSeq !== after) continue
    if (queue.join() !== logged.join())
      throw new InvariantViolation(
        `Session ${id}: its queue is [${queue.join()}], but its log says [${logged.join()}].`,
      )
    return
  }
}

/**
 * Verifies that each message that a session has accepted is in its transcript once, with its newest text, and was applied,
 * answered or taken back; and that nothing else is there.
 */
export function verifyTranscript(
  transcript: readonly TranscriptMessage[],
  actions: AcceptedActions,
  sessionId: string,
): void {
  const messages = actions.messages.filter((message) => message.sessionId === sessionId)
  const userMessages = transcript.filter(({ role }) => role === 'USER')
  for (const message of messages) {
    const found = userMessages.filter(({ id }) => id === message.id)
    const [stored] = found
    if (!stored || found.length > 1)
      throw new InvariantViolation(`Message ${message.id} is stored ${found.length} times.`)
    if (stored.text !== message.text)
      throw new InvariantViolation(
        `Message ${message.id} is ${JSON.stringify(stored.text)} in place of ${JSON.stringify(message.text)}.`,
      )
    verifyFate(stored, message, actions)
  }
  const unknown = userMessages.filter(({ id }) => !messages.some((message) => message.id === id))
  if (unknown.length > 0)
    throw new InvariantViolation(`Session ${sessionId} has messages that nobody has sent: ${JSON.stringify(unknown)}`)
  const answers = transcript.flatMap(({ role, stream }) => (role === 'ASSISTANT' && stream ? [stream.id] : []))
  if (new Set(answers).size < answers.length)
    throw new InvariantViolation(`Session ${sessionId} has two answers of one stream.`)
  verifyOrder(transcript, messages)
}

function verifyFate(stored: TranscriptMessage, message: SentMessage, { stopped }: AcceptedActions): void {
  const label = `Message ${message.id} (${JSON.stringify(stored)})`
  const streamId = stored.stream?.id
  const isStopped = streamId !== undefined && stopped.has(streamId)
  if (message.joinedStreamId === null) {
    if (stored.steering) throw new InvariantViolation(`${label} has joined an answer that it was not sent to.`)
    if (streamId !== message.streamId) throw new InvariantViolation(`${label} is not answered by ${message.streamId}.`)
  } else {
    const { steering } = stored
    if (steering?.stream.id !== message.joinedStreamId)
      throw new InvariantViolation(`${label} has not joined ${message.joinedStreamId}.`)
    if (!['APPLIED', 'QUEUED', 'WITHDRAWN'].includes(steering.state))
      throw new InvariantViolation(`${label} is left pending.`)
    if ((steering.state === 'APPLIED') !== (steering.step !== null && steering.partIndex !== null))
      throw new InvariantViolation(`${label} has the wrong place in the answer.`)
    if (steering.state === 'QUEUED' && (streamId === undefined || streamId === message.joinedStreamId))
      throw new InvariantViolation(`${label} is queued, but has no answer of its own.`)
    if (steering.state === 'APPLIED' && message.isWithdrawn)
      throw new InvariantViolation(`${label} was taken back and applied.`)
    if (steering.state === 'WITHDRAWN' && stored.status !== 'WITHDRAWN')
      throw new InvariantViolation(`${label} was taken back, but not withdrawn.`)
  }
  if (message.isWithdrawn && stored.status !== 'WITHDRAWN')
    throw new InvariantViolation(`${label} was taken back, but is not withdrawn.`)
  if (stored.status === 'WITHDRAWN' && !message.isWithdrawn && !isStopped)
    throw new InvariantViolation(`${label} is withdrawn, but nobody has taken it back.`)
}

/** A message that was applied stands before the answer that it joined and after what began it, in the order of acceptance. */
function verifyOrder(transcript: readonly TranscriptMessage[], messages: readonly SentMessage[]): void {
  const places = new Map(transcript.map(({ id }, place) => [id, place]))
  const beginnings = new Map(
    transcript.flatMap(({ id, role, stream, steering }) =>
      role === 'USER' && stream && (steering === null || steering.state === 'QUEUED')
        ? [[stream.id, places.get(id) ?? -1] as const]
        : [],
    ),
  )
  const newest = new Map<string, number>()
  for (const { id } of messages) {
    const place = places.get(id) ?? -1
    const steering = transcript[place]?.steering
    if (steering?.state !== 'APPLIED') continue
    const { id: streamId, message: answer } = steering.stream
    const after = Math.max(beginnings.get(streamId) ?? -1, newest.get(streamId) ?? -1)
    const before = answer ? (places.get(answer.id) ?? -1) : Number.POSITIVE_INFINITY
    if (place <= after || place >= before)
      throw new InvariantViolation(
        `Message ${id} was applied to ${streamId}, but stands at ${place}, not between ${after} and ${before}.`,
      )
    newest.set(streamId, place)
  }
}

/**
 * Verifies what a model was sent, given the messages of each of its requests as JSON: no message twice, none that was taken
 * back, refused or replaced, and each one whose answer is complete.
 */
export function verifyRequests(
  requests: readonly string[],
  transcript: readonly TranscriptMessage[],
  actions: AcceptedActions,
): void {
  const count = (request: string, text: string): number => request.split(JSON.stringify(text).slice(1, -1)).length - 1
  for (const text of [...actions.refusedTexts, ...actions.messages.flatMap(({ replacedTexts }) => replacedTexts)])
    if (requests.some((request) => count(request, text) > 0))
      throw new InvariantViolation(`A model was sent a message that was refused or replaced: ${text}`)
  for (const { role, text, status, stream, steering } of transcript) {
    if (role !== 'USER') continue
    const counts = requests.map((request) => count(request, text))
    if (counts.some((each) => each > 1))
      throw new InvariantViolation(`A model was sent a message twice in one request: ${text}`)
    const isSent = counts.some((each) => each > 0)
    if (isSent && status === 'WITHDRAWN')
      throw new InvariantViolation(`A model was sent a message that was taken back: ${text}`)
    const answer = steering?.state === 'APPLIED' ? steering.stream : stream
    if (!isSent && status !== 'WITHDRAWN' && answer?.status === 'COMPLETED')
      throw new InvariantViolation(`No model was sent a message that was answered: ${text}`)
  }
}

/** Verifies that no call of the tool ran twice, and none that was denied. */
export function verifyRuns(runs: ReadonlyMap<string, number>, { deniedArguments }: AcceptedActions): void {
  const twice = [...runs].filter(([, count]) => count > 1).map(([note]) => note)
  if (twice.length > 0) throw new InvariantViolation(`These calls ran more than once: ${twice.join(', ')}`)
  const denied = [...runs.keys()].filter((note) => deniedArguments.some((text) => text.includes(`"${note}"`)))
  if (denied.length > 0) throw new InvariantViolation(`These calls were denied and ran: ${denied.join(', ')}`)
}
