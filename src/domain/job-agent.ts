import type { Chats } from '../chat/chats.ts'
import type { RunOutcome } from '../jobs/job-machine.ts'
import { newSession } from '../sessions/sessions.ts'
import type { JobRunRecord, OwnJob } from '../storage/job-records.ts'
import type { MessageRecord, StreamRecord } from '../storage/records.ts'

/**
 * Makes a run of a job: an ordinary session of its own, whose source is `cron`, with the prompt as its only message. It
 * can be followed, stopped and continued like any other. Resolves to how it ended; what keeps it from beginning is an
 * outcome as well.
 */
export async function runJob(chats: Chats, job: OwnJob, run: JobRunRecord): Promise<RunOutcome> {
  try {
    const session = newSession({
      ...(run.sessionId !== null && { id: run.sessionId }),
      at: run.startedAt,
      profile: job.profile,
      source: 'cron',
      title: job.name,
      titleSource: 'PERSON',
      model: job.model,
    })
    const begun = await chats.startIn(session, job.prompt)
    const stream = await ended(chats, begun)
    return outcomeOf(stream, await chats.transcripts.answerOf(stream.id))
  } catch (error) {
    return { status: 'ERROR', output: null, error: error instanceof Error ? error.message : String(error) }
  }
}

async function ended(chats: Chats, begun: StreamRecord): Promise<StreamRecord> {
  for await (const event of await chats.followers.followStream(begun.id, begun.lastSeq)) {
    if (event.type === 'StreamFinished') return event.stream
  }
  throw new Error('The session of the run was deleted.')
}

function outcomeOf({ status, error }: StreamRecord, answer: MessageRecord | null): RunOutcome {
  const said = textOf(answer)
  switch (status) {
    case 'COMPLETED':
      if (said !== null) return { status: 'OK', output: said, error: null }
      return { status: 'ERROR', output: null, error: 'The agent finished without a response.' }
    case 'CANCELLED':
      return { status: 'CANCELLED', output: said, error: null }
    case 'INTERRUPTED':
      return { status: 'INTERRUPTED', output: said, error: error?.message ?? null }
    default:
      return { status: 'ERROR', output: said, error: error?.message ?? 'The agent failed.' }
  }
}

/** What was said in the end: the text behind the last tool call, or all of it where that is blank. */
function textOf(answer: MessageRecord | null): string | null {
  const parts = answer?.parts ?? []
  const last = parts.slice(parts.findLastIndex(({ type }) => type === 'tool') + 1)
  for (const some of [last, parts]) {
    const text = some.map((part) => (part.type === 'text' ? part.text : '')).join('')
    if (text.trim() !== '') return text
  }
  return null
}
