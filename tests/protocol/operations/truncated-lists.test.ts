import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newSession } from '../../../src/sessions/new-session.ts'
import { SegueProfileDatabase } from '../../../src/storage/sqlite/segue-profile-database.ts'
import { SqliteEventStore } from '../../../src/storage/sqlite/sqlite-event-store.ts'
import { SqliteJobStore } from '../../../src/storage/sqlite/sqlite-job-store.ts'
import { transports } from '../../support/clients/transports.ts'
import { newTestJob } from '../../support/jobs/job-fixtures.ts'
import { newTextMessage } from '../../support/search/search-fixture.ts'
import { newHome, startTestSegue } from '../../support/server/segue.ts'
import { approvalRuleOf } from '../../support/storage/approval-rules.ts'
import { approvalOf } from '../../unit/storage/contract/records.ts'

interface Counts {
  readonly rules?: number
  readonly approvals?: number
  readonly jobs?: number
  /** Sessions of one conversation. Each is a try of the same turn. */
  readonly segments?: number
}

/** A home with so many items in lists of a bounded length. */
async function newFilledHome({ rules = 0, approvals = 0, jobs = 0, segments = 1 }: Counts): Promise<string> {
  const home = newHome()
  const database = new SegueProfileDatabase(join(home, 'segue.db'))
  const eventStore = new SqliteEventStore(database)
  const sessionOf = () => newSession({ profile: 'default', title: null, titleSource: null, model: null, at: 1_000 })
  const root = sessionOf()
  const first = newTextMessage(root.id, 'Hello', 2)
  await eventStore.createSession({ session: root, messages: [{ ...first, turnId: first.id }] })
  for (let count = 1; count < segments; count += 1) {
    const session = { ...sessionOf(), retryOf: first.id, takesPlaceOf: root.id }
    const message = { ...newTextMessage(session.id, 'Hello again', 2), turnId: first.id }
    await eventStore.createSession({ session, messages: [message] })
  }
  await eventStore.append({
    sessionId: root.id,
    expectedHeadSeq: 0,
    events: [],
    decisions: Array.from({ length: approvals }, () => approvalOf(root, { state: 'ANSWERED', resolvedAt: 2_000 })),
    approvalRules: Array.from({ length: rules }, (_, index) => approvalRuleOf({ sessionId: null, tool: `t${index}` })),
  })
  const jobStore = new SqliteJobStore(database)
  for (let count = 0; count < jobs; count += 1) await jobStore.commit({ job: newTestJob(Date.now()) })
  database.close()
  return home
}

test.for(Object.entries(transports))(
  'A9 over %s, `extensions.truncated` has the path of each list that has more items',
  async ([, send]) => {
    await using segue = await startTestSegue({ settings: { home: await newFilledHome({ rules: 1_001 }) } })
    const query = '{ all: profiles { rules: approvalRules { tool } models { id } } }'
    const { data, errors, extensions } = await send(segue.url, { query })
    expect(errors).toEqual([])
    expect(data).toMatchObject({ all: [{ rules: expect.toSatisfy((rules: unknown[]) => rules.length === 1_000) }] })
    expect(extensions).toEqual({ truncated: [['all', 0, 'rules']] })
  },
)

test.for<[query: string, counts: Counts, truncated: readonly unknown[]]>([
  ['{ profiles { approvalRules { id } } }', { rules: 1_000 }, []],
  ['{ approvals(pending: false) { id } }', { approvals: 1_000 }, []],
  ['{ approvals(pending: false) { id } }', { approvals: 1_001 }, [['approvals']]],
  ['{ jobs { id } profiles { jobs { id } } }', { jobs: 1_000 }, []],
  ['{ jobs { id } profiles { jobs { id } } }', { jobs: 1_001 }, [['jobs'], ['profiles', 0, 'jobs']]],
  [
    '{ conversations(first: 1) { edges { node { segments { id } } } } }',
    { segments: 1_001 },
    [['conversations', 'edges', 0, 'node', 'segments']],
  ],
  [
    '{ sessions(first: 1) { edges { node { messages { edges { node { alternatives { id } } } } } } } }',
    { segments: 100 },
    [],
  ],
  [
    '{ sessions(first: 1) { edges { node { messages { edges { node { alternatives { id } } } } } } } }',
    { segments: 101 },
    [['sessions', 'edges', 0, 'node', 'messages', 'edges', 0, 'node', 'alternatives']],
  ],
])('A9 %s with %j has the truncated lists %j', async ([query, counts, truncated]) => {
  await using segue = await startTestSegue({ settings: { home: await newFilledHome(counts) } })
  const { errors, extensions } = await transports.http(segue.url, { query })
  expect(errors).toEqual([])
  expect(extensions['truncated'] ?? []).toEqual(truncated)
})
