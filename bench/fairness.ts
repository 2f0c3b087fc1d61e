// Measures how much the most expensive operations that the limits allow delay the tokens of another client, and the longest
// step of the server's event loop. The baseline is the same stream while nothing else runs.
// Usage: npm run bench -- fairness
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { EventStream } from '../tests/support/clients/event-stream.ts'
import { post, start } from '../tests/support/server/post.ts'
import { newHome, newTempFolder } from '../tests/support/server/segue.ts'
import { startServerProcess } from '../tests/support/server/server-process.ts'
import { type Attack, listAttacks } from './support/fairness-attacks.ts'
import { percentile, printFigures } from './support/figures.ts'

/** Their schedule is due on leap days only, so that their own runs delay no token. */
const jobCount = 100
const messageCount = 30
const delayMs = 10

const createdSchema = z.record(z.string(), z.object({ id: z.string() }))
const roundCount = 2

const folder = newTempFolder()
const home = newHome()
const stepsFile = join(folder, 'steps')
const recorder = new URL('./support/step-recorder.ts', import.meta.url).pathname
const socketSender = new URL('./support/send-over-socket.ts', import.meta.url).pathname
await using server = await startServerProcess({
  argv: ['--port', '0', '--home', home, '--offline-delay', String(delayMs)],
  env: { HOME: home, STEPS_FILE: stepsFile, NODE_OPTIONS: `--import ${recorder}` },
})

/** The longest step since the last call, in milliseconds of processor time. */
async function readLongestStep(): Promise<number> {
  rmSync(stepsFile, { force: true })
  server.process.kill('SIGUSR2')
  while (!existsSync(stepsFile)) await pause(20)
  return Number(readFileSync(stepsFile, 'utf8'))
}

/** A session of messages of a megabyte each. */
async function seed(): Promise<string> {
  const create =
    'mutation ($name: String!) { createJob(input: { name: $name, prompt: "x", schedule: "*/5 * 29 2 *" }) { id } }'
  for (let count = 0; count < jobCount; count += 1) await post(server.url, create, { name: `Job ${count}` })
  const text = (index: number): string => `Hello ${index}. `.repeat(80_000)
  const { sessionId } = await start(server.url, { text: text(0) })
  for (let index = 1; index < messageCount; index += 1)
    await start(server.url, { text: text(index), sessionId, ifBusy: 'QUEUE' })
  const query = `{ session(id: "${sessionId}") { activeStream { id } queue { id } } }`
  for (;;) {
    const { data } = await post(server.url, query)
    if (JSON.stringify(data) === '{"session":{"activeStream":null,"queue":[]}}') return sessionId
    await pause(200)
  }
}

/** A thousand sessions without messages. */
async function seedSessions(): Promise<string[]> {
  const aliases = Array.from({ length: 25 }, (_, index) => `a${index}: createSession(input: {}) { id }`)
  const ids: string[] = []
  while (ids.length < 1000) {
    const { data } = await post(server.url, `mutation { ${aliases.join(' ')} }`)
    ids.push(...Object.values(createdSchema.parse(data)).map(({ id }) => id))
  }
  return ids
}

/** The gaps between the tokens of an answer, in milliseconds, above the delay of the model. */
async function measureGaps(): Promise<number[]> {
  const query =
    'subscription { streamChat(input: { text: "Who are you? Tell me all about yourself." }) { __typename } }'
  const stream = await EventStream.open(server.url, { query })
  const gaps: number[] = []
  let last = performance.now()
  for (let event = await stream.next(); event !== null; event = await stream.next()) {
    const now = performance.now()
    if (event.data.includes('TextDelta')) gaps.push(Math.max(0, now - last - delayMs))
    last = now
  }
  return gaps
}

async function measureRounds(): Promise<number[]> {
  const gaps: number[] = []
  for (let round = 0; round < roundCount; round += 1) gaps.push(...(await measureGaps()))
  return gaps
}

/** Sends what an attack has again and again, from other processes, until the signal aborts. */
async function send(attack: Attack, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const bodies = attack.createBodies()
    if (attack.isSocket) await runSender(process.execPath, [socketSender, server.url], bodies.join('\n'))
    else await Promise.all(bodies.map((body, index) => runSender('curl', listCurlOptions(attack), body, index)))
  }
}

/** Runs a program whose last argument is a file with a text. */
async function runSender(command: string, options: readonly string[], text: string, index = 0): Promise<void> {
  const file = join(folder, String(index))
  writeFileSync(file, text)
  const last = command === 'curl' ? ['--data-binary', `@${file}`] : [file]
  await once(spawn(command, [...options, ...last]), 'close')
}

function listCurlOptions({ accept = 'application/json', contentType = 'application/json', path = '/graphql' }: Attack) {
  const headers = ['-H', `content-type: ${contentType}`, '-H', `accept: ${accept}`]
  // A subscription to a session does not end by itself.
  return ['-s', '-o', '/dev/null', '--max-time', '3', ...headers, `${server.url}${path}`]
}

const sessionId = await seed()
const sessionIds = await seedSessions()
// Until the messages are indexed.
await pause(20_000)
await readLongestStep()
const baseline = await measureRounds()
printFigures('tokens while nothing else runs', {
  'delay of a token, p99, ms': percentile(baseline, 0.99),
  'longest step, ms of processor time': await readLongestStep(),
})
for (const attack of listAttacks(sessionId, sessionIds)) {
  const stopped = new AbortController()
  const attacking = send(attack, stopped.signal)
  const gaps = await measureRounds()
  stopped.abort()
  await attacking
  const step = await readLongestStep()
  printFigures(`tokens while others send: ${attack.name}`, {
    'delay of a token, median, ms': percentile(gaps, 0.5),
    'delay of a token, p99, ms': percentile(gaps, 0.99),
    'ratio of the p99 to that alone': percentile(gaps, 0.99) / percentile(baseline, 0.99),
    'longest step, ms of processor time': step,
    'ratio of the step to 50 ms, aim 1': step / 50,
  })
}
await server.stop('SIGTERM')
for (const path of [home, folder]) rmSync(path, { recursive: true, force: true })
