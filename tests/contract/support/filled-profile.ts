import { toProfileFolder } from '../../../src/profiles/profile-paths.ts'
import { TestDatabase } from '../../support/storage/test-database.ts'
import type { TestSegue } from '../../support/server/segue.ts'
import { waitUntil } from '../../support/wait-until.ts'
import {
  ApprovalsDocument,
  ClarificationsDocument,
  CreateJobDocument,
  CreateSessionDocument,
  RunJobDocument,
} from '../generated/graphql.ts'
import { startChat, streamToEnd } from './chat.ts'
import type { Client } from './clients.ts'
import { newQueuedIds, newSteeringId, type ValidIds } from './good-variables.ts'
import { ask, mutate, requireNonNull } from './typed-client.ts'

/** The content of a profile, and words that occur only in it. */
export interface FilledProfile extends ValidIds {
  readonly word: string
  readonly ids: readonly string[]
  readonly rows: TestDatabase
}

const job = { name: 'Birds', schedule: '0 9 29 2 *', timezone: 'UTC' }
const file = { name: 'a.txt', mediaType: 'text/plain', url: 'data:,The%20same%20in%20all' }

/** Fills a profile with something of everything. */
export async function fillProfile(segue: TestSegue, client: Client, profile: string): Promise<FilledProfile> {
  const word = `word-of-${profile}`
  const { end } = await streamToEnd(client, { profile, text: `Hello, ${word}`, key: 'the same', files: [file] })
  const answer = requireNonNull(end.message)
  const sessionKey = 'the same for a session'
  const empty = async (key: string | null) =>
    (await mutate(client, CreateSessionDocument, { profile, title: `Empty, ${word}`, key })).createSession.id
  const [spareId, lastId, spareRootId] = [await empty(sessionKey), await empty(null), await empty(null)]
  const waiting = await startChat(client, { profile, text: `/tool look {"for": "${word}"}\n/ask Where is ${word}?` })
  const sessionId = end.sessionId
  const rows = TestDatabase.read(toProfileFolder(segue.home, profile))
  // Wait until the deltas are coalesced: later writes come from the operation under test.
  const deltas = "events WHERE session_id = ? AND type LIKE '%Delta'"
  await waitUntil(() => rows.count(deltas, sessionId) === answer.parts.length)
  const pending = "decisions WHERE state = 'PENDING'"
  await waitUntil(() => rows.count(pending) === 2)
  const [approval] = (await ask(client, ApprovalsDocument, { profile })).approvals
  const [question] = (await ask(client, ClarificationsDocument, { profile })).clarifications
  const newJob = async () =>
    (await mutate(client, CreateJobDocument, { profile, ...job, prompt: `Hello, ${word}` })).createJob.id
  const asks = { profile, ...job, prompt: `/ask Where is ${word}?` }
  const runningJobId = (await mutate(client, CreateJobDocument, asks)).createJob.id
  await mutate(client, RunJobDocument, { id: runningJobId })
  await waitUntil(() => rows.count(pending) === 3)
  const known = {
    ...(await newQueuedIds(client, profile)),
    steeringId: await newSteeringId(client, profile),
    profile,
    runningJobId,
    sessionId,
    spareId,
    lastId,
    spareRootId,
    streamId: end.stream.id,
    messageId: answer.id,
    approvalId: requireNonNull(approval).id,
    clarificationId: requireNonNull(question).id,
    jobId: await newJob(),
    spareJobId: await newJob(),
    spareProfile: 'spare',
    sessionKey,
  }
  const { profile: _, spareProfile: __, sessionKey: ___, ...ids } = known
  return { ...known, word, rows, ids: [...Object.values(ids), waiting.id, waiting.session.id] }
}
