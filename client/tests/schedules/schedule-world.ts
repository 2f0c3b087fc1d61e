import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import { SeededRandom } from '../../../tests/chaos/seeded-random.ts'
import { type ScriptedTool, newTool, newToolSource } from '../../../tests/support/fixtures/tools.ts'
import { type ProviderStep, toolCallSteps } from '../../../tests/support/providers/strict-provider.ts'
import { type SegueWithProvider, startSegueWithProvider } from '../../../tests/support/server/segue-with-provider.ts'
import { startFaultyTcpProxy } from '../support/faulty-tcp-proxy.ts'
import type { ChatEvent } from '../../src/index.ts'
import { callsTool, toToolArguments } from './approve-tool-call.ts'
import { type ReceivedAnswer, type Schedule, type ScheduleReport, toScheduleText } from './run-schedule.ts'

/** How many schedules are run. Their seeds are consecutive numbers. */
export const rounds = Number(process.env['SCHEDULE_ROUNDS'] ?? 25)
const firstSeed = Number(process.env['SCHEDULE_SEED'] ?? 1)

const words = ['Hello', ' 👋', ' wörld', '\n', ' 你好', ' of', ' words', ' 👨‍👩‍👧', ' "quoted"', ' data: x\n\n']

/** What the model says in a schedule, in pieces. */
function createAnswer(seed: number): { readonly reasoning: readonly string[]; readonly text: readonly string[] } {
  const random = new SeededRandom(seed ^ 0x5eed)
  const createPieces = (count: number): string[] =>
    Array.from({ length: count }, () => random.pick(words).repeat(random.chance(0.05) ? 300 : 1))
  return { reasoning: createPieces(random.between(0, 5)), text: createPieces(random.between(1, 30)) }
}

/** Sends the answer, at a pace that lets connections break in the middle of it. */
async function* playAnswer(seed: number): AsyncGenerator<ProviderStep> {
  const random = new SeededRandom(seed ^ 0xface)
  const { reasoning, text } = createAnswer(seed)
  for (const step of [...reasoning.map((piece) => ({ reasoning: piece })), ...text.map((piece) => ({ text: piece }))]) {
    if (random.chance(0.5)) await pause(random.between(0, 10))
    yield step
  }
  yield { finish: 'stop' }
}

/** A server whose model answers each schedule in its own way, some after a tool that needs approval. */
export interface ScheduleWorld extends SegueWithProvider {
  readonly tool: ScriptedTool
}

export async function startScheduleWorld(allowedOrigins: readonly string[] = []): Promise<ScheduleWorld> {
  const heartbeat = { intervalMs: 250, timeoutMs: 15_000 }
  const tool = newTool()
  const createToolSource = () => newToolSource(tool)
  const world = await startSegueWithProvider({ heartbeat, settings: { allowedOrigins }, createToolSource })
  world.provider.defaultAnswer = ({ body }) => {
    const seed = Number(/schedule (\d+)/.exec(JSON.stringify(body))?.[1])
    if (!callsTool(seed) || body.messages.at(-1)?.role === 'tool') return playAnswer(seed)
    return toolCallSteps({ name: tool.name, input: JSON.parse(toToolArguments(seed)) })
  }
  return { ...world, tool }
}

/** Runs a schedule behind a proxy of its own, and expects that each page has received exactly the answer. */
export async function expectExactAnswer(
  world: ScheduleWorld,
  { seed, transport }: Omit<Schedule, 'url'>,
  run: (schedule: Schedule) => Promise<ScheduleReport>,
): Promise<void> {
  const { segue, client } = world
  const random = new SeededRandom(seed ^ 0xbad)
  await using proxy = await startFaultyTcpProxy(segue.url, { random, maxFaults: random.between(1, 12) })
  const { behaviour, received, cancelled } = await run({ seed, transport, url: proxy.url })
  const description = `seed ${seed}, ${transport}, ${behaviour}, ${proxy.faultCount} faults`

  const [userMessage, answer, ...others] = await client.messages(received[0]?.events[0]?.sessionId ?? '')
  expect(userMessage?.text, description).toBe(toScheduleText(seed))
  expect(others, description).toEqual([])
  expectRequestsOnce(world, seed, behaviour, description)
  const { reasoning, text } = createAnswer(seed)
  if (behaviour === 'cancel') expect(text.join('').startsWith(answer?.text ?? ''), description).toBe(true)
  else expect(answer, description).toMatchObject({ text: text.join(''), reasoning: reasoning.join('') || null })
  if (cancelled) expect(cancelled.id, description).toBe(answer?.id)

  for (const page of received) {
    expectExactEvents(page.events, description)
    if (callsTool(seed) && behaviour !== 'cancel') expectOneApproval(page.events, description)
    expect(readAnswer(page), description).toEqual({
      text: answer?.text,
      reasoning: answer?.reasoning,
      digest: answer?.digest,
    })
  }
}

/** The model was asked once, and once more with the result of the tool, which has run once. */
function expectRequestsOnce(
  { provider, tool }: ScheduleWorld,
  seed: number,
  behaviour: string,
  description: string,
): void {
  const requests = provider.requests.filter(({ body }) => JSON.stringify(body).includes(`"${toScheduleText(seed)}"`))
  const runs = tool.runs.filter((input) => JSON.stringify(input) === toToolArguments(seed))
  const expected = { requests: callsTool(seed) ? 2 : 1, runs: callsTool(seed) ? 1 : 0 }
  if (behaviour !== 'cancel') expect({ requests: requests.length, runs: runs.length }, description).toEqual(expected)
  expect(requests.length, description).toBeLessThanOrEqual(expected.requests)
  expect(runs.length, description).toBeLessThanOrEqual(expected.runs)
}

/** The approval was asked for and answered once, and the tool has succeeded. */
function expectOneApproval(events: readonly ChatEvent[], description: string): void {
  const approvals = events.flatMap((event) => (event.type === 'ApprovalChanged' ? [event.state] : []))
  expect(approvals, description).toEqual(['PENDING', 'ANSWERED'])
  const states = events.flatMap((event) => (event.type === 'ToolCallChanged' ? [event.toolCall.state] : []))
  expect(states.at(-1), description).toBe('SUCCEEDED')
}

function readAnswer({ message, digest }: ReceivedAnswer) {
  const join = (type: 'text' | 'reasoning'): string =>
    (message?.parts ?? []).map((part) => (part.type === type ? part.text : '')).join('')
  if (!message) return {}
  return { text: join('text'), reasoning: join('reasoning') || null, digest }
}

/**
 * Each event once and in order, from the first to the only end. The text has no gap, and what is repeated is the same: a
 * delta that was coalesced after a page had received its first pieces.
 */
function expectExactEvents(events: readonly ChatEvent[], description: string): void {
  const seqs = events.map(({ seq }) => seq)
  expect(seqs, description).toEqual([...new Set(seqs)].toSorted((a, b) => a - b))
  expect(events[0]?.type, description).toBe('StreamStarted')
  expect(
    events.filter(({ type }) => type === 'StreamFinished'),
    description,
  ).toEqual([events.at(-1)])
  const texts = new Map<number, string>()
  for (const event of events) {
    if (event.type !== 'TextDelta' && event.type !== 'ReasoningDelta') continue
    const { partIndex, offset, text } = event
    const before = texts.get(partIndex) ?? ''
    expect(offset, description).toBeLessThanOrEqual(before.length)
    expect(text.startsWith(before.slice(offset)), description).toBe(true)
    texts.set(partIndex, before.slice(0, offset) + text)
  }
}

/** Runs the schedules, some at a time. */
export async function runSchedules(run: (schedule: Omit<Schedule, 'url'>) => Promise<void>): Promise<void> {
  const maxConcurrent = 8
  const seeds = Array.from({ length: rounds }, (_, index) => firstSeed + index)
  const runNext = async (): Promise<void> => {
    for (let seed = seeds.pop(); seed !== undefined; seed = seeds.pop()) {
      await run({ seed, transport: seed % 2 === 0 ? 'ws' : 'sse' })
    }
  }
  await Promise.all(Array.from({ length: maxConcurrent }, runNext))
}
