import type { ChatService } from '../chat/chat-service.ts'
import type { JobRunExecution } from '../jobs/scheduler.ts'
import { interruptedJobRunOutcome, isBlank, type JobRunOutcome } from '../jobs/job-state.ts'
import { SegueError } from '../lib/errors.ts'
import type { JobRunRecord, SegueJob } from '../model/job.ts'
import type { MessageRecord } from '../model/message.ts'
import type { StreamRecord } from '../model/stream.ts'
import { newSession } from '../sessions/new-session.ts'

/**
 * Runs a job as a chat: starts a session with the source `cron` and the job's prompt as its message. The session can be
 * followed, cancelled and continued like any other. Resolves when the session is stored. Rejects if the chat cannot start,
 * except if the server is stopping: then the run is interrupted.
 */
export async function runJob(chats: ChatService, job: SegueJob, run: JobRunRecord): Promise<JobRunExecution> {
  const session = newSession({
    ...(run.sessionId !== null && { id: run.sessionId }),
    at: run.startedAt,
    profile: job.profile,
    source: 'cron',
    title: job.name,
    titleSource: 'PERSON',
    model: job.model,
    instructions: job.instructions ?? null,
    effort: job.effort ?? null,
  })
  try {
    const stream = await chats.startInNewSession(session, job.prompt, job.budget ?? null)
    return { outcome: loadOutcome(chats, stream) }
  } catch (error) {
    return { outcome: Promise.resolve(toOutcomeOfShutdown(error)) }
  }
}

async function loadOutcome(chats: ChatService, started: StreamRecord): Promise<JobRunOutcome> {
  try {
    const stream = await waitForEnd(chats, started)
    return stream ? toRunOutcome(stream, await chats.messageQueries.findAnswer(stream.id)) : sessionDeletedOutcome
  } catch (error) {
    return toOutcomeOfShutdown(error)
  }
}

/** Throws any other error. */
function toOutcomeOfShutdown(error: unknown): JobRunOutcome {
  if (error instanceof SegueError && error.code === 'SHUTTING_DOWN') return interruptedJobRunOutcome
  throw error
}

const sessionDeletedOutcome: JobRunOutcome = {
  status: 'ERROR',
  output: null,
  error: 'The session of the run was deleted.',
}

/** Resolves to null if the session is deleted before the stream ends. */
async function waitForEnd(chats: ChatService, started: StreamRecord): Promise<StreamRecord | null> {
  for await (const event of await chats.subscriptions.subscribeToStream(started.id, started.lastSeq)) {
    if (event.type === 'StreamFinished') return event.stream
  }
  return null
}

function toRunOutcome({ status, error }: StreamRecord, answer: MessageRecord | null): JobRunOutcome {
  const output = extractFinalText(answer)
  switch (status) {
    case 'COMPLETED':
      return { status: 'OK', output, error: null }
    case 'CANCELLED':
      return { status: 'CANCELLED', output, error: null }
    case 'INTERRUPTED':
      return { status: 'INTERRUPTED', output, error: error?.message ?? null }
    default:
      return { status: 'ERROR', output, error: error?.message ?? 'The agent failed.' }
  }
}

/** Returns the text after the last tool call, or all text if that is blank. Returns null if there is none. */
function extractFinalText(answer: MessageRecord | null): string | null {
  const parts = answer?.parts ?? []
  const finalParts = parts.slice(parts.findLastIndex(({ type }) => type === 'tool') + 1)
  for (const candidates of [finalParts, parts]) {
    const text = candidates.map((part) => (part.type === 'text' ? part.text : '')).join('')
    if (!isBlank(text)) return text
  }
  return null
}
