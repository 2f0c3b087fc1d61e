import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { z } from 'zod'
import { ask } from '../server/graphql-request.ts'
import { subscribeToSqlStatements } from '../../../src/lib/sql-channel.ts'
import { HermesDb, type HermesLayout, type HermesRow } from '../hermes/hermes-db.ts'
import { newTempFolder, startTestSegue, type TestSegue } from '../server/segue.ts'
import { expectBoundedReads, type Statement } from './statements.ts'

const positionFields = 'id parent { id } lineageRoot { id } segmentCount'

const idObject = z.object({ id: z.string() })
const positionedSession = z.object({
  id: z.string(),
  parent: idObject.nullable(),
  lineageRoot: idObject,
  segmentCount: z.number(),
})
const pageSchema = z.object({
  sessions: z.object({
    edges: z.array(z.object({ node: positionedSession })),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  }),
})

/** The parent and the root of a session, and the number of sessions from the root to it. */
export type LineagePosition = readonly [parent: string | null, root: string, segmentCount: number]

/** A server with a Hermes database, whose SQL statements are recorded. */
export interface LineageFixture {
  readonly segue: TestSegue
  readonly hermes: HermesDb
  readonly statements: Statement[]
  /** Adds a Hermes session that ended in compression and continues `parent`, unless the row says otherwise. */
  addSegment(id: string, parent: string | null, row?: HermesRow): string
  /** Creates a Segue session that continues another one. Resolves to its id. */
  continueSession(id: string): Promise<string>
  /** Queries the position of one session. */
  loadPosition(id: string): Promise<LineagePosition>
  /** Queries the positions of a page of sessions. */
  loadPage(
    first: number,
    after?: string | null,
  ): Promise<{ positions: Map<string, LineagePosition>; endCursor: string | null }>
  /** Queries the positions of all sessions, page by page. */
  loadAllPositions(): Promise<Map<string, LineagePosition>>
}

const toPosition = ({ parent, lineageRoot, segmentCount }: z.infer<typeof positionedSession>): LineagePosition => [
  parent?.id ?? null,
  lineageRoot.id,
  segmentCount,
]

/** Runs a test with a fixture of its own. Afterwards, checks that no statement read more than it needs. */
export async function withLineageFixture(run: (fixture: LineageFixture) => Promise<void>, layout?: HermesLayout) {
  await using fixture = await openLineageFixture(layout)
  await run(fixture)
  fixture.expectBoundedReads()
}

/** A fixture for all tests of a `describe`. The Hermes database is emptied before each test. */
export function sharedLineageFixture(): () => LineageFixture {
  let fixture: OpenLineageFixture | null = null
  beforeAll(async () => {
    fixture = await openLineageFixture()
  })
  beforeEach(() => {
    fixture?.hermes.db.exec('PRAGMA foreign_keys = OFF; DELETE FROM messages; DELETE FROM sessions')
    fixture?.hermes.addSession('standing')
  })
  afterAll(async () => {
    fixture?.expectBoundedReads()
    await fixture?.[Symbol.asyncDispose]()
  })
  return () => {
    if (!fixture) throw new Error('The fixture is available within tests only.')
    return fixture
  }
}

interface OpenLineageFixture extends LineageFixture, AsyncDisposable {
  expectBoundedReads(): void
}

async function openLineageFixture(layout: HermesLayout = 'newest'): Promise<OpenLineageFixture> {
  await using stack = new AsyncDisposableStack()
  const hermesHome = stack.adopt(newTempFolder(), (folder) => rmSync(folder, { recursive: true, force: true }))
  const hermes = stack.adopt(new HermesDb(join(hermesHome, 'state.db'), layout), (db) => db.close())
  const statements: Statement[] = []
  let segue: TestSegue | null = null
  stack.use(
    subscribeToSqlStatements(({ database, path, sql }) => {
      const isOfOtherServer = segue && path !== join(segue.home, 'segue.db') && path !== hermes.path
      if (!isOfOtherServer) statements.push({ file: database, sql })
    }),
  )
  segue = stack.use(await startTestSegue({ settings: { hermesHome } }))
  const { url, home } = segue

  const loadPage: LineageFixture['loadPage'] = async (first, after = null) => {
    const { sessions } = await ask(url, pageSchema, {
      query: `query ($first: Int, $after: String) {
        sessions(first: $first, after: $after) { edges { node { ${positionFields} } } pageInfo { hasNextPage endCursor } }
      }`,
      variables: { first, after },
    })
    const positions = new Map(sessions.edges.map(({ node }) => [node.id, toPosition(node)]))
    return { positions, endCursor: sessions.pageInfo.hasNextPage ? sessions.pageInfo.endCursor : null }
  }

  const fixture: LineageFixture = {
    segue,
    hermes,
    statements,
    loadPage,
    addSegment: (id, parent, row = {}) =>
      hermes.addSession(id, { end_reason: 'compression', parent_session_id: parent, ...row }),
    continueSession: async (id) => {
      const { createSession } = await ask(url, z.object({ createSession: idObject }), {
        query: 'mutation ($id: ID!) { createSession(input: { continues: $id }) { id } }',
        variables: { id },
      })
      return createSession.id
    },
    loadPosition: async (id) => {
      const { session } = await ask(url, z.object({ session: positionedSession }), {
        query: `query ($id: ID!) { session(id: $id) { ${positionFields} } }`,
        variables: { id },
      })
      return toPosition(session)
    },
    loadAllPositions: async () => {
      const all = new Map<string, LineagePosition>()
      for (let after: string | null = null; ;) {
        const { positions, endCursor } = await loadPage(1000, after)
        for (const [id, position] of positions) all.set(id, position)
        if (endCursor === null) return all
        after = endCursor
      }
    },
  }
  // The first write creates the Segue database.
  await ask(url, z.unknown(), { query: 'mutation { createSession(input: {}) { id } }' })
  hermes.addSession('standing')
  statements.length = 0
  const opened = stack.move()
  return {
    ...fixture,
    expectBoundedReads: () => expectBoundedReads(statements, { segue: join(home, 'segue.db'), hermes: hermes.path }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
