// Measures pages of the conversation list with 1,000,000 Segue sessions, 10,000,000 messages and 100,000 Hermes sessions.
// The baseline is a home with 1,000 sessions. Needs 5 GB in the temporary folder and some minutes to fill them.
// Usage: npm run bench -- conversation-list [sessions] [messages per session]
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { conversationCursor, sessionCursor } from '../src/schema/relay/cursors.ts'
import { SegueProfileDatabase } from '../src/storage/sqlite/segue-profile-database.ts'
import { SqliteSessionReader } from '../src/storage/sqlite/sessions/sqlite-session-reader.ts'
import { newTempFolder } from '../tests/support/server/segue.ts'
import { percentile, printFigures } from './support/figures.ts'
import { type SeedSize, firstStartSeconds, seedHermes, seedSegue, hermesId, segueId } from './support/seed-sessions.ts'
import { yieldToEventLoop } from '../src/lib/async/yield-to-event-loop.ts'

const [smallCount, largeCount] = [1000, Number(process.argv[2] ?? 1_000_000)]
const messagesPerSession = Number(process.argv[3] ?? 10)
const rounds = 100

interface ServedHome extends AsyncDisposable {
  readonly home: string
  readonly size: SeedSize
  readonly hermesSize: SeedSize
  readonly url: string
  /** Memory in bytes, and the longest time in milliseconds that the main thread was blocked since the previous call. */
  measureUsage(): Promise<{ rss: number; maxBlockedMs: number }>
}

/** Starts a server process on a home with this many Segue sessions, and a tenth as many Hermes sessions. */
async function serve(sessions: number): Promise<ServedHome> {
  await using resources = new AsyncDisposableStack()
  const folder = (): string =>
    resources.adopt(newTempFolder(), (path) => rmSync(path, { recursive: true, force: true }))
  const [home, hermesHome] = [folder(), folder()]
  const toSeedSize = (count: number): SeedSize => ({
    sessions: count,
    messagesPerSession,
    chainLength: Math.min(1000, count / 10),
    familySize: Math.min(100_000, count / 10),
  })
  const started = performance.now()
  const [size, hermesSize] = [toSeedSize(sessions), toSeedSize(Math.max(smallCount, sessions / 10))]
  await seedSegue(home, size)
  seedHermes(hermesHome, hermesSize)
  const seconds = (performance.now() - started) / 1000
  process.stdout.write(`${sessions.toLocaleString('en')} sessions were created in ${seconds.toFixed(0)} s\n`)
  const program = `${import.meta.dirname}/support/conversation-list-server.ts`
  const child = spawn(process.execPath, [program, home, hermesHome], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  resources.defer(async () => {
    const exited = new Promise((resolve) => child.once('exit', resolve))
    child.stdin.end()
    if (child.exitCode === null) await exited
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const read = async <T>(schema: z.ZodType<T>): Promise<T> =>
    schema.parse(JSON.parse(z.string().parse((await lines.next()).value)))
  const { url } = await read(z.object({ url: z.string() }))
  const ownedResources = resources.move()
  return {
    home,
    size,
    hermesSize,
    url,
    measureUsage: () => {
      child.stdin.write('\n')
      return read(z.object({ rss: z.number(), maxBlockedMs: z.number() }))
    },
    [Symbol.asyncDispose]: () => ownedResources.disposeAsync(),
  }
}

async function post(url: string, query: string): Promise<unknown> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  })
  const { data, errors } = z.object({ data: z.unknown(), errors: z.unknown().optional() }).parse(await response.json())
  if (errors) throw new Error(JSON.stringify(errors))
  return data
}

const session = 'id title channel origin pinned archived lastActivityAt messageCount'
const conversation = `id title lastActivityAt segmentCount attention readAt attentionSession { id } root { id title } tip { ${session} }`
const pageQuery = (list: string, node: string) =>
  `{ ${list} { edges { cursor node { ${node} } } pageInfo { hasNextPage hasPreviousPage endCursor } } }`
const conversations = (args: string): string => pageQuery(`conversations(${args})`, conversation)
const sessions = (args: string): string => pageQuery(`sessions(${args})`, session)

/** A key in the list: in its middle, or at another place from 0 to 2. */
const middleKey = ({ size: { sessions: count } }: ServedHome, place = 1) => ({
  lastActivityAt: (firstStartSeconds + count * place) * 1000,
  id: 'x',
})

const queries: Record<string, (served: ServedHome) => string> = {
  'conversations, first page': () => conversations('first: 50'),
  'conversations, a page in the middle': (served) =>
    conversations(`first: 50, after: "${conversationCursor.encode(middleKey(served))}"`),
  'conversations, backwards from the middle': (served) =>
    conversations(`last: 50, before: "${conversationCursor.encode(middleKey(served))}"`),
  'conversations, last page': () => conversations('last: 50'),
  'conversations, archived': () => conversations('first: 50, filter: { archived: true }'),
  'conversations, pinned and not archived': () => conversations('first: 50, filter: { pinned: true, archived: false }'),
  'conversations, scheduled runs': () => conversations('first: 50, filter: { channels: [CRON] }'),
  'conversations, unread': () => conversations('first: 50, filter: { attention: [UNREAD] }'),
  'conversations, unread, a page in the middle': (served) =>
    conversations(
      `first: 50, after: "${conversationCursor.encode(middleKey(served, 1.5))}", filter: { attention: [UNREAD] }`,
    ),
  'conversations that want attention': () =>
    conversations('first: 50, filter: { attention: [NEEDS_APPROVAL, NEEDS_ANSWER, FAILED, WORKING, UNREAD] }'),
  'conversations, read': () => conversations('first: 50, filter: { attention: [IDLE] }'),
  'conversations, failed and pinned': () => conversations('first: 50, filter: { attention: [FAILED], pinned: true }'),
  'conversations that wait for approval: none': () =>
    conversations('first: 50, filter: { attention: [NEEDS_APPROVAL] }'),
  'conversations, Hermes only': () => conversations('first: 50, filter: { origin: HERMES }'),
  'conversations by id': () =>
    conversations(`filter: { ids: ${JSON.stringify([segueId(3), segueId(999), hermesId(50), hermesId(999)])} }`),
  'sessions, first page': () => sessions('first: 50'),
  'sessions, a page in the middle': (served) =>
    sessions(`first: 50, after: "${sessionCursor.encode(middleKey(served))}"`),
  'sessions, unread': () => sessions('first: 50, filter: { attention: [UNREAD] }'),
  'sessions, pinned and archived': () => sessions('first: 50, filter: { pinned: true, archived: true }'),
  'a session of the widest conversation': ({ size: { chainLength: chain } }) =>
    `{ session(id: "${segueId(chain)}") { conversation { ${conversation} segments(first: 50) { id } } } }`,
  'a session of the widest Hermes conversation': ({ hermesSize: { chainLength: chain } }) =>
    `{ session(id: "${hermesId(chain)}") { conversation { ${conversation} segments(first: 50) { id } } } }`,
  'a message in the widest conversation': ({ size: { chainLength: chain } }) =>
    `mutation { startChat(input: { sessionId: "${segueId(chain + 5)}", text: "Hello", ifBusy: QUEUE }) { id } }`,
}

await using small = await serve(smallCount)
await using large = await serve(largeCount)
const servedHomes = [small, large]

for (const served of servedHomes)
  for (const buildQuery of Object.values(queries)) await post(served.url, buildQuery(served))
for (const served of servedHomes) await served.measureUsage()
const ratios: Record<string, number> = {}
const largeMediansMs: Record<string, number> = {}
for (const [name, buildQuery] of Object.entries(queries)) {
  const times: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, served] of servedHomes.entries()) {
      const query = buildQuery(served)
      const started = performance.now()
      await post(served.url, query)
      times[index === 0 ? 0 : 1].push(performance.now() - started)
    }
  }
  ratios[name] = percentile(times[1], 0.5) / percentile(times[0], 0.5)
  largeMediansMs[name] = percentile(times[1], 0.5)
}
const [before, after] = [await small.measureUsage(), await large.measureUsage()]
printFigures(
  `${largeCount.toLocaleString('en')} sessions compared with ${smallCount.toLocaleString('en')}: ratios of the medians`,
  ratios,
)
printFigures(`${largeCount.toLocaleString('en')} sessions: medians, ms`, largeMediansMs)
printFigures('the process', {
  'memory, ratio': after.rss / before.rss,
  'memory, MB': after.rss / 1e6,
  'main thread blocked at most, ratio': after.maxBlockedMs / before.maxBlockedMs,
  'main thread blocked at most, ms': after.maxBlockedMs,
})

// The synchronous part of a page, and a change of root for all sessions of the widest conversation.
const database = new SegueProfileDatabase(join(large.home, 'segue.db'))
const segueSessions = new SqliteSessionReader(database)
const measureBlockedMs = async (work: () => Promise<unknown>): Promise<number> => {
  const times: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const started = performance.now()
    await work()
    times.push(performance.now() - started)
  }
  return percentile(times, 0.9)
}
const unbounded = { after: null, before: null, backwards: false }
const slices: number[] = []
const root = segueId(large.size.chainLength)
const figures = {
  'a page of 50 Segue conversations, ms': await measureBlockedMs(() =>
    segueSessions.listConversations({ ...unbounded, limit: 51 }, {}),
  ),
  'a page of 1,000 Segue conversations, ms': await measureBlockedMs(() =>
    segueSessions.listConversations({ ...unbounded, limit: 1001 }, {}),
  ),
}
database.transaction(() => database.prepare<[string]>('DELETE FROM sessions WHERE id = ?').run(root))
for (let last = performance.now(); ;) {
  await yieldToEventLoop()
  const now = performance.now()
  slices.push(now - last)
  last = now
  const left = database.prepare<[string], { id: string }>('SELECT root_id AS id FROM conversations WHERE root_id = ?')
  if (!left.get(root)) break
}
printFigures('main thread blocked, 90th percentile', {
  ...figures,
  'slices to split the widest conversation': slices.length,
  'a slice, ms': percentile(slices, 0.9),
})
database.close()
