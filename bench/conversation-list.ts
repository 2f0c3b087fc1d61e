// What a page of the sidebar costs with a million sessions and ten million messages of our own and 100,000 sessions of
// Hermes', beside the same with a thousand. `node bench/conversation-list.ts [sessions]`; it takes 5 GB in the folder for
// temporary files, and some minutes to fill them.
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { conversationCursor, sessionCursor } from '../src/schema/relay/keyset-connection.ts'
import { ProfileDatabase } from '../src/storage/sqlite/database/sqlite-database.ts'
import { SqliteSessions } from '../src/storage/sqlite/sqlite-session-reader.ts'
import { newFolder } from '../tests/support/server/segue.ts'
import { percentile, print } from './report.ts'
import { type Amount, begun, fillHermes, fillOwn, hermesId, ownId } from './seed-sessions.ts'

const [few, many] = [1000, Number(process.argv[2] ?? 1_000_000)]
const rounds = 100

interface Served extends AsyncDisposable {
  readonly home: string
  readonly amount: Amount
  readonly hermes: Amount
  readonly url: string
  /** Memory in bytes, and the longest that the main thread was held since the last call, in milliseconds. */
  usage(): Promise<{ rss: number; held: number }>
}

/** A process that serves a home with so many sessions, and a tenth of them in its Hermes'. */
async function serve(sessions: number): Promise<Served> {
  await using made = new AsyncDisposableStack()
  const folder = (): string => made.adopt(newFolder(), (path) => rmSync(path, { recursive: true, force: true }))
  const [home, hermesHome] = [folder(), folder()]
  const of = (count: number): Amount => ({
    sessions: count,
    messagesEach: 10,
    chain: Math.min(1000, count / 10),
    family: Math.min(100_000, count / 10),
  })
  const started = performance.now()
  const [amount, hermes] = [of(sessions), of(Math.max(few, sessions / 10))]
  fillOwn(home, amount)
  fillHermes(hermesHome, hermes)
  const seconds = (performance.now() - started) / 1000
  process.stdout.write(`${sessions.toLocaleString('en')} sessions are made in ${seconds.toFixed(0)} s\n`)
  const program = `${import.meta.dirname}/conversation-list-server.ts`
  const child = spawn(process.execPath, [program, home, hermesHome], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  made.defer(async () => {
    const exited = new Promise((resolve) => child.once('exit', resolve))
    child.stdin.end()
    if (child.exitCode === null) await exited
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const read = async <T>(schema: z.ZodType<T>): Promise<T> =>
    schema.parse(JSON.parse(z.string().parse((await lines.next()).value)))
  const { url } = await read(z.object({ url: z.string() }))
  const kept = made.move()
  return {
    home,
    amount,
    hermes,
    url,
    usage: () => {
      child.stdin.write('\n')
      return read(z.object({ rss: z.number(), held: z.number() }))
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
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
const conversation = `id title lastActivityAt segmentCount root { id title } tip { ${session} }`
const page = (list: string, node: string) =>
  `{ ${list} { edges { cursor node { ${node} } } pageInfo { hasNextPage hasPreviousPage endCursor } } }`
const conversations = (args: string): string => page(`conversations(${args})`, conversation)
const sessions = (args: string): string => page(`sessions(${args})`, session)

/** A place in the middle of the list. */
const middle = ({ amount: { sessions: count } }: Served) => ({ lastActivityAt: (begun + count) * 1000, id: 'x' })

const questions: Record<string, (served: Served) => string> = {
  'conversations, first page': () => conversations('first: 50'),
  'conversations, a page in the middle': (served) =>
    conversations(`first: 50, after: "${conversationCursor.encode(middle(served))}"`),
  'conversations, backwards from the middle': (served) =>
    conversations(`last: 50, before: "${conversationCursor.encode(middle(served))}"`),
  'conversations, last page': () => conversations('last: 50'),
  'conversations, archived': () => conversations('first: 50, filter: { archived: true }'),
  'conversations, pinned and not archived': () => conversations('first: 50, filter: { pinned: true, archived: false }'),
  'conversations, scheduled runs': () => conversations('first: 50, filter: { channels: [CRON] }'),
  "conversations, Hermes' own": () => conversations('first: 50, filter: { origin: HERMES }'),
  'conversations by id': () =>
    conversations(`filter: { ids: ${JSON.stringify([ownId(3), ownId(999), hermesId(50), hermesId(999)])} }`),
  'sessions, first page': () => sessions('first: 50'),
  'sessions, a page in the middle': (served) => sessions(`first: 50, after: "${sessionCursor.encode(middle(served))}"`),
  'sessions, pinned and archived': () => sessions('first: 50, filter: { pinned: true, archived: true }'),
  'the wide family': ({ amount: { chain } }) =>
    `{ session(id: "${ownId(chain)}") { conversation { ${conversation} segments(first: 50) { id } } } }`,
  "the wide family of Hermes'": ({ hermes: { chain } }) =>
    `{ session(id: "${hermesId(chain)}") { conversation { ${conversation} segments(first: 50) { id } } } }`,
  'a message in the wide family': ({ amount: { chain } }) =>
    `mutation { startChat(input: { sessionId: "${ownId(chain + 5)}", text: "Hello", ifBusy: QUEUE }) { id } }`,
}

await using small = await serve(few)
await using large = await serve(many)
const both = [small, large]

for (const served of both) for (const question of Object.values(questions)) await post(served.url, question(served))
for (const served of both) await served.usage()
const ratios: Record<string, number> = {}
const largest: Record<string, number> = {}
for (const [name, question] of Object.entries(questions)) {
  const times: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, served] of both.entries()) {
      const query = question(served)
      const started = performance.now()
      await post(served.url, query)
      times[index === 0 ? 0 : 1].push(performance.now() - started)
    }
  }
  ratios[name] = percentile(times[1], 0.5) / percentile(times[0], 0.5)
  largest[name] = percentile(times[1], 0.5)
}
const [before, after] = [await small.usage(), await large.usage()]
print(`${many.toLocaleString('en')} sessions beside ${few.toLocaleString('en')}: ratios of the medians`, ratios)
print(`${many.toLocaleString('en')} sessions: medians, ms`, largest)
print('the process', {
  'memory, ratio': after.rss / before.rss,
  'memory, MB': after.rss / 1e6,
  'the longest that its main thread was held, ratio': after.held / before.held,
  'the longest that its main thread was held, ms': after.held,
})

// The part of it that no other request can come between, and a change of conversation for all of a wide family.
const database = new ProfileDatabase(join(large.home, 'segue.db'))
const own = new SqliteSessions(database, 'default')
const held = async (work: () => Promise<unknown>): Promise<number> => {
  const times: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const started = performance.now()
    await work()
    times.push(performance.now() - started)
  }
  return percentile(times, 0.9)
}
const all = { after: null, before: null, backwards: false }
const slices: number[] = []
const root = ownId(large.amount.chain)
const figures = {
  'a page of 50 of our own, ms': await held(() => own.conversationPage({ ...all, limit: 51 }, {})),
  'a page of 1,000 of our own, ms': await held(() => own.conversationPage({ ...all, limit: 1001 }, {})),
}
database.write(() => database.prepare<[string]>('DELETE FROM sessions WHERE id = ?').run(root))
for (let last = performance.now(); ;) {
  await setImmediate()
  const now = performance.now()
  slices.push(now - last)
  last = now
  const left = database.prepare<[string], { id: string }>('SELECT root_id AS id FROM conversations WHERE root_id = ?')
  if (!left.get(root)) break
}
print('what holds the main thread with so many', {
  ...figures,
  'slices to let go of a wide family': slices.length,
  'a slice, ms (9 of 10 are shorter)': percentile(slices, 0.9),
})
database.close()
