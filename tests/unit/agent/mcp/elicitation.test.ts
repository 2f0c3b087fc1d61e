import { describe, expect, test } from 'vitest'
import type {
  JsonObject,
  ToolExecutionContext,
  ToolQuestion,
  ToolQuestionAnswer,
} from '../../../../src/agent/tools/tool.ts'
import { everything, newTestTools, newToolContext, nodeServer } from '../../../support/mcp/servers.ts'
import { startElicitingHttpServer, elicitingServer } from '../../../support/mcp/eliciting-server.ts'
import type { McpServer } from '../../../../src/config/profile/mcp/mcp-server.ts'
import type { Json } from '../../../../src/lib/text/json.ts'

interface Asked {
  readonly questions: readonly ToolQuestion[]
  readonly result: Json
}

/** Calls a tool, and reacts to each of its questions. */
async function ask(
  server: McpServer,
  tool: string,
  react: (question: ToolQuestion) => ToolQuestionAnswer | Promise<ToolQuestionAnswer>,
  input: JsonObject = {},
): Promise<Asked> {
  await using tools = newTestTools([server])
  const questions: ToolQuestion[] = []
  const askUser: ToolExecutionContext['askUser'] = async (question) => {
    questions.push(question)
    return react(question)
  }
  const found = await tools.findTool(`${server.prefix}__${tool}`)
  return { questions, result: await found.execute(input, { ...newToolContext(), askUser }) }
}

const accept = (values: JsonObject | null): ToolQuestionAnswer => ({ type: 'answered', text: 'x', values })
const form = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }

const versions: Record<string, () => Promise<{ readonly server: McpServer } & AsyncDisposable>> = {
  'stdio, 2025-06-18': async () => ({ server: elicitingServer('2025-06-18'), [Symbol.asyncDispose]: async () => {} }),
  'stdio, 2025-11-25': async () => ({ server: elicitingServer('2025-11-25'), [Symbol.asyncDispose]: async () => {} }),
  'stdio, 2026-07-28': async () => ({ server: elicitingServer('2026-07-28'), [Symbol.asyncDispose]: async () => {} }),
  'http, 2025-11-25': () => startElicitingHttpServer('2025-11-25'),
  'http, 2026-07-28': () => startElicitingHttpServer('2026-07-28'),
  'http, both, asking only in the older one': () => startElicitingHttpServer('2025-11-25', { offersModern: true }),
}

describe.each(Object.entries(versions))('An elicitation over %s', (_, start) => {
  test('asks the user of the call with its form, and tells the server the values', async () => {
    await using started = await start()
    const { questions, result } = await ask(started.server, 'form', () => accept({ name: 'Ann' }))
    expect(questions).toEqual([{ question: 'Who\\u202e?', choices: [], form }])
    expect(result).toBe('{"action":"accept","content":{"name":"Ann"}}')
  })

  test('can be declined, and is cancelled where nobody answers', async () => {
    await using started = await start()
    expect((await ask(started.server, 'form', () => ({ type: 'declined' }))).result).toBe('{"action":"decline"}')
    expect((await ask(started.server, 'form', () => ({ type: 'cancelled' }))).result).toBe('{"action":"cancel"}')
  })

  test('with a URL shows it in the question, without a form', async () => {
    await using started = await start()
    const { questions, result } = await ask(started.server, 'url', () => accept(null))
    const question = 'Sign in.\n\nhttps://example.org/sign-in?id=1'
    expect(questions).toEqual([{ question, choices: ['Done'], form: null }])
    expect(result).toBe('{"action":"accept"}')
  })

  test('belongs to its call while others run', async () => {
    await using started = await start()
    await using tools = newTestTools([started.server])
    const found = await tools.findTool(`${started.server.prefix}__form`)
    const results = ['Ann', 'Ben', 'Cid'].map((name) =>
      found.execute({}, { ...newToolContext(), askUser: async () => accept({ name }) }),
    )
    // Over stdio, nothing tells to which of several calls a question belongs.
    const names = (await Promise.all(results)).map((result) => /"name":"(\w+)"/.exec(String(result))?.[1])
    if (started.server.type === 'http') expect(names).toEqual(['Ann', 'Ben', 'Cid'])
    else expect(names.every((name) => ['Ann', 'Ben', 'Cid'].includes(name ?? ''))).toBe(true)
  })
})

test('An elicitation without a running call is cancelled', async () => {
  const server = elicitingServer('2025-11-25', 'early')
  const { questions, result } = await ask(server, 'early', () => accept(null))
  expect(questions).toEqual([])
  expect(result).toBe('{"action":"cancel"}')
})

test('An elicitation whose form is not one of an object is cancelled', async () => {
  const { questions, result } = await ask(elicitingServer('2025-11-25'), 'list', () => accept(null))
  expect(questions).toEqual([])
  expect(result).toBe('{"action":"cancel"}')
})

test('The elicitation of a real server is answered', async () => {
  const server = nodeServer('every', [everything, 'stdio'])
  await using tools = newTestTools([server])
  const name = (await tools.listNames()).find((each) => /elicit/i.test(each) && !/async|url/i.test(each)) ?? ''
  const questions: ToolQuestion[] = []
  const askUser: ToolExecutionContext['askUser'] = async (question) => {
    questions.push(question)
    return accept({ name: 'Ann', check: true })
  }
  const result = await (await tools.findTool(name)).execute({}, { ...newToolContext(), askUser })
  expect(questions).toMatchObject([{ form: { type: 'object', properties: { name: { type: 'string' } } } }])
  expect(JSON.stringify(result)).toContain('Ann')
})
