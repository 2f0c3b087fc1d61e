// What a page of the sidebar costs with a million sessions and ten million messages of our own and 100,000 sessions of
// Hermes', beside the same with a thousand. `node bench/sidebar.ts [sessions]`; it takes 5 GB in the folder for
// temporary files, and some minutes to fill them.
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { conversationCursor, sessionCursor } from '../src/schema/connection.ts'
import { newFolder } from '../tests/support/segue.ts'
import { percentile, print } from './figures.ts'
import { type Amount, begun, fillHermes, fillOwn, hermesId, ownId } from './many-sessions.ts'

const [few, many] = [1000, Number(process.argv[2] ?? 1_000_000)]
const rounds = 100

interface Served extends AsyncDisposable {
  readonly amount: Amount
  readonly url: string
  /** Memory in bytes, and the longest that the main thread was held since the last call, in milliseconds. */
  usage(): Promise<{ rss: number; held: number }>
}

/** A process that serves a home with so many sessions, and a tenth of them in its Hermes'. */
async function serve(sessions: number): Promise<Served> {
  const [home, hermesHome] = [newFolder(), newFolder()]
  const of = (count: number): Amount => ({
    sessions: count,
    messagesEach: 10,
    chain: Math.min(1000, count / 4),
    family: Math.min(100_000, count / 4),
  })
  const started = performance.now()
  fillOwn(home, of(sessions))
  fillHermes(hermesHome, of(Math.max(few, sessions / 10)))
  const seconds = (performance.now() - started) / 1000
  process.stdout.write(`${sessions.toLocaleString('en')} sessions are made in ${seconds.toFixed(0)} s\n`)
  const program = `${import.meta.dirname}/sidebar-server.ts`
  const child = spawn(process.execPath, ['--expose-gc', program, home, hermesHome], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const read = async <T>(schema: z.ZodType<T>): Promise<T> =>
    schema.parse(JSON.parse(z.string().parse((await lines.next()).value)))
  const { url } = await read(z.object({ url: z.string() }))
  return {
    amount: of(sessions),
    url,
    usage: () => {
      child.stdin.write('\n')
      return read(z.object({ rss: z.number(), held: z.number() }))
    },
    [Symbol.asyncDispose]: async () => {
      const exited = new Promise((resolve) => child.once('exit', resolve))
      child.stdin.end()
      await exited
      for (const folder of [home, hermesHome]) rmSync(folder, { recursive: true, force: true })
    },
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
const middle = ({ sessions: count }: Amount) => ({ lastActivityAt: (begun + count) * 1000, id: 'x' })

const questions: Record<string, (amount: Amount) => string> = {
  'conversations, first page': () => conversations('first: 50'),
  'conversations, a page in the middle': (amount) =>
    conversations(`first: 50, after: "${conversationCursor.encode(middle(amount))}"`),
  'conversations, backwards from the middle': (amount) =>
    conversations(`last: 50, before: "${conversationCursor.encode(middle(amount))}"`),
  'conversations, last page': () => conversations('last: 50'),
  'conversations, archived': () => conversations('first: 50, filter: { archived: true }'),
  'conversations, pinned and not archived': () => conversations('first: 50, filter: { pinned: true, archived: false }'),
  'conversations, scheduled runs': () => conversations('first: 50, filter: { channels: [CRON] }'),
  "conversations, Hermes' own": () => conversations('first: 50, filter: { origin: HERMES }'),
  'conversations by id': () =>
    conversations(`filter: { ids: ${JSON.stringify([ownId(3), ownId(999), hermesId(300), hermesId(999)])} }`),
  'sessions, first page': () => sessions('first: 50'),
  'sessions, a page in the middle': (amount) => sessions(`first: 50, after: "${sessionCursor.encode(middle(amount))}"`),
  'sessions, pinned and archived': () => sessions('first: 50, filter: { pinned: true, archived: true }'),
  'the wide family': ({ chain }) =>
    `{ session(id: "${ownId(chain)}") { conversation { ${conversation} segments(first: 50) { id } } } }`,
  "the wide family of Hermes'": () =>
    `{ session(id: "${hermesId(250)}") { conversation { ${conversation} segments(first: 50) { id } } } }`,
  'a message in the wide family': ({ chain }) =>
    `mutation { startChat(input: { sessionId: "${ownId(chain + 5)}", text: "Hello", ifBusy: QUEUE }) { id } }`,
}

await using small = await serve(few)
await using large = await serve(many)
const both = [small, large]

for (const served of both)
  for (const question of Object.values(questions)) await post(served.url, question(served.amount))
for (const served of both) await served.usage()
const ratios: Record<string, number> = {}
const largest: Record<string, number> = {}
for (const [name, question] of Object.entries(questions)) {
  const times: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { url, amount }] of both.entries()) {
      const query = question(amount)
      const started = performance.now()
      await post(url, query)
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
  'the longest that its main thread was held, ms': after.held,
})
