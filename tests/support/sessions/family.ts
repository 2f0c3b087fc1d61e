import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { z } from 'zod'
import { ask } from '../server/graphql-request.ts'
import { HermesDb, type HermesLayout, type Row } from '../hermes/hermes-db.ts'
import { newFolder, newSegue, type TestSegue } from '../server/segue.ts'
import { expectModest, type Statement } from './statements.ts'

const placeFields = 'id parent { id } lineageRoot { id } segmentCount'

const named = z.object({ id: z.string() })
const placed = z.object({ id: z.string(), parent: named.nullable(), lineageRoot: named, segmentCount: z.number() })
const pageSchema = z.object({
  sessions: z.object({
    edges: z.array(z.object({ node: placed })),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  }),
})

/** Where a session stands: its parent, its root, and how many segments lead to it. */
export type Place = readonly [parent: string | null, root: string, segmentCount: number]

/** A server with a Hermes of its own, whose every statement is kept. */
export interface Family {
  readonly segue: TestSegue
  readonly hermes: HermesDb
  readonly statements: Statement[]
  /** Adds a session that ended in compression, and continues the one named unless the row says otherwise. */
  segment(id: string, parent: string | null, row?: Row): string
  /** Continues a session in one kept here; its id. */
  continued(id: string): Promise<string>
  /** What a session says when it is asked for alone. */
  place(id: string): Promise<Place>
  /** What a page says of its sessions. */
  page(first: number, after?: string | null): Promise<{ places: Map<string, Place>; endCursor: string | null }>
  /** What the whole list says, page by page. */
  places(): Promise<Map<string, Place>>
}

const placeOf = ({ parent, lineageRoot, segmentCount }: z.infer<typeof placed>): Place => [
  parent?.id ?? null,
  lineageRoot.id,
  segmentCount,
]

/** Runs `work` with a family, and looks afterwards at every statement that ran: none may read more than it needs. */
export async function withFamily(work: (family: Family) => Promise<void>, layout?: HermesLayout) {
  await using family = await newFamily(layout)
  await work(family)
  family.expectModest()
}

/** A family for all tests of a `describe`: Hermes' side is empty again at the start of each. */
export function sharedFamily(): () => Family {
  let family: OpenFamily | null = null
  beforeAll(async () => {
    family = await newFamily()
  })
  beforeEach(() => {
    family?.hermes.db.exec('PRAGMA foreign_keys = OFF; DELETE FROM messages; DELETE FROM sessions')
    family?.hermes.session('standing')
  })
  afterAll(async () => {
    family?.expectModest()
    await family?.[Symbol.asyncDispose]()
  })
  return () => {
    if (!family) throw new Error('a test has to run for it to be there')
    return family
  }
}

interface OpenFamily extends Family, AsyncDisposable {
  expectModest(): void
}

async function newFamily(layout: HermesLayout = 'newest'): Promise<OpenFamily> {
  await using stack = new AsyncDisposableStack()
  const hermesHome = stack.adopt(newFolder(), (folder) => rmSync(folder, { recursive: true, force: true }))
  const hermes = stack.adopt(new HermesDb(join(hermesHome, 'state.db'), layout), (db) => db.close())
  const statements: Statement[] = []
  const segue = stack.use(
    await newSegue({ settings: { hermesHome }, onStatement: (file, sql) => void statements.push({ file, sql }) }),
  )
  const { url } = segue

  const page: Family['page'] = async (first, after = null) => {
    const { sessions } = await ask(url, pageSchema, {
      query: `query ($first: Int, $after: String) {
        sessions(first: $first, after: $after) { edges { node { ${placeFields} } } pageInfo { hasNextPage endCursor } }
      }`,
      variables: { first, after },
    })
    const places = new Map(sessions.edges.map(({ node }) => [node.id, placeOf(node)]))
    return { places, endCursor: sessions.pageInfo.hasNextPage ? sessions.pageInfo.endCursor : null }
  }

  const family: Family = {
    segue,
    hermes,
    statements,
    page,
    segment: (id, parent, row = {}) =>
      hermes.session(id, { end_reason: 'compression', parent_session_id: parent, ...row }),
    continued: async (id) => {
      const { createSession } = await ask(url, z.object({ createSession: named }), {
        query: 'mutation ($id: ID!) { createSession(input: { continues: $id }) { id } }',
        variables: { id },
      })
      return createSession.id
    },
    place: async (id) => {
      const { session } = await ask(url, z.object({ session: placed }), {
        query: `query ($id: ID!) { session(id: $id) { ${placeFields} } }`,
        variables: { id },
      })
      return placeOf(session)
    },
    places: async () => {
      const all = new Map<string, Place>()
      for (let after: string | null = null; ;) {
        const { places, endCursor } = await page(1000, after)
        for (const [id, place] of places) all.set(id, place)
        if (endCursor === null) return all
        after = endCursor
      }
    },
  }
  // A database of ours is made by the first write.
  await ask(url, z.unknown(), { query: 'mutation { createSession(input: {}) { id } }' })
  hermes.session('standing')
  statements.length = 0
  const opened = stack.move()
  return {
    ...family,
    expectModest: () => expectModest(statements, { segue: join(segue.home, 'segue.db'), hermes: hermes.path }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
