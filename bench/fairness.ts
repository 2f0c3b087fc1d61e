// Measures how much the most expensive operations that the limits allow delay the tokens of another client. The baseline is
// the same stream while nothing else runs. Usage: npm run bench -- fairness
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { defaultLimits } from '../src/config/limits.ts'
import { EventStream } from '../tests/support/clients/event-stream.ts'
import { newTempFolder, startTestSegue } from '../tests/support/server/segue.ts'
import { post } from '../tests/support/server/post.ts'
import { percentile, printFigures } from './support/figures.ts'

/** Their schedule is due on leap days only, so that their own runs delay no token. */
const jobCount = 100
const delayMs = 10
const roundCount = 10

await using segue = await startTestSegue({ settings: { limits: defaultLimits, offlineDelayMs: delayMs } })
const folder = newTempFolder()
const create =
  'mutation ($name: String!) { createJob(input: { name: $name, prompt: "x", schedule: "*/5 * 29 2 *" }) { id } }'
for (let count = 0; count < jobCount; count += 1) await post(segue.url, create, { name: `Job ${count}` })

const fragmentCount = 300
const fragments = Array.from(
  { length: fragmentCount },
  (_, index) => `fragment F${index} on Model { id name ${index < fragmentCount - 1 ? `...F${index + 1}` : ''} }`,
)
/** Operations at a limit: of the cost, and of the tokens, most of which take long to validate. */
const attacks = {
  cost: () => '{ jobs { nextRuns(first: 999) } }',
  // A comment makes each document a new one for the cache.
  tokens: () => `#${Math.random()}\n{ models { ...F0 } } ${fragments.join(' ')}`,
}

/** The gaps between the tokens of an answer, in milliseconds, above the delay of the model. */
async function measureGaps(): Promise<number[]> {
  const query =
    'subscription { streamChat(input: { text: "Who are you? Tell me all about yourself." }) { __typename } }'
  const stream = await EventStream.open(segue.url, { query })
  const gaps: number[] = []
  let last = performance.now()
  for (let event = await stream.next(); event !== null; event = await stream.next()) {
    const now = performance.now()
    if (event.data.includes('TextDelta')) gaps.push(Math.max(0, now - last - delayMs))
    last = now
  }
  return gaps
}

/** Sends an operation again and again, from another process, until the signal aborts. */
async function attack(name: string, createQuery: () => string, signal: AbortSignal): Promise<void> {
  const file = join(folder, `${name}.json`)
  while (!signal.aborted) {
    writeFileSync(file, JSON.stringify({ query: createQuery() }))
    const headers = ['-H', 'content-type: application/json']
    await once(spawn('curl', ['-s', '-o', '/dev/null', ...headers, '-d', `@${file}`, `${segue.url}/graphql`]), 'close')
  }
}

async function measureRounds(): Promise<number[]> {
  const gaps: number[] = []
  for (let round = 0; round < roundCount; round += 1) gaps.push(...(await measureGaps()))
  return gaps
}

const baseline = await measureRounds()
for (const [name, createQuery] of Object.entries(attacks)) {
  const stopped = new AbortController()
  const attacking = attack(name, createQuery, stopped.signal)
  const gaps = await measureRounds()
  stopped.abort()
  await attacking
  printFigures(`tokens while operations at the limit of ${name} run`, {
    'delay of a token, median, ms': percentile(gaps, 0.5),
    'delay of a token, p99, ms': percentile(gaps, 0.99),
    'delay of a token, worst, ms': Math.max(...gaps),
    'alone, p99, ms': percentile(baseline, 0.99),
    'ratio of the p99 to 50 ms, aim 1': percentile(gaps, 0.99) / 50,
  })
}
process.exit(0)
