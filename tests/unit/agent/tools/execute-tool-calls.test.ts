import { describe, expect, test } from 'vitest'
import type { AgentEvent, AgentRun } from '../../../../src/agent/agent.ts'
import { ApprovalPolicy } from '../../../../src/agent/tools/approval-policy.ts'
import { executeToolCalls, type ToolCallRequest } from '../../../../src/agent/tools/execute-tool-calls.ts'
import { type Tool, ToolError } from '../../../../src/agent/tools/tool.ts'
import type { ToolboxOptions } from '../../../../src/agent/tools/toolbox.ts'
import { newLatch } from '../../../support/fixtures/agent-chats.ts'
import { newAgentRun } from '../../../support/fixtures/agent-run.ts'
import { newToolbox } from '../../../support/fixtures/toolbox.ts'
import { newToolCallRequest, newTool, newToolSource } from '../../../support/fixtures/tools.ts'
import { yieldToEventLoop } from '../../../../src/lib/yield-to-event-loop.ts'
import { RecordingLogger } from '../../../support/recording-logger.ts'
import { silentLogger } from '../../../../src/lib/logger.ts'

const never = new Promise<never>(() => {})

interface Given {
  readonly tools?: readonly Tool[]
  readonly rules?: Partial<ToolboxOptions>
  readonly run?: Partial<AgentRun>
}

/** All that is told of these calls. */
function told(
  calls: readonly ToolCallRequest[],
  { tools = [], rules = {}, run = {} }: Given = {},
): Promise<AgentEvent[]> {
  const toolbox = newToolbox({ source: newToolSource(...tools), ...rules })
  return Array.fromAsync(executeToolCalls(calls, toolbox, newAgentRun(run)))
}

const whole = (call: ToolCallRequest) => ({ type: 'tool-call', ...call })
const errorIn = (events: readonly AgentEvent[]) => events.find((event) => event.type === 'tool-error')?.error

describe('a call of a tool that only reads', () => {
  test('is told of as whole, without a gate, and then what the tool returned', async () => {
    const look = newTool({ name: 'look', isReadOnly: true, execute: async ({ at }) => ({ seen: at ?? null }) })
    const call = newToolCallRequest('look', '{"at":"Paris"}')
    expect(await told([call], { tools: [look] })).toEqual([
      whole(call),
      { type: 'tool-result', callId: 'look', result: { seen: 'Paris' } },
    ])
    expect(look.runs).toEqual([{ at: 'Paris' }])
  })

  test('without any arguments is one with none', async () => {
    const look = newTool({ isReadOnly: true })
    for (const nothing of ['', ' \n']) await told([newToolCallRequest(look.name, nothing)], { tools: [look] })
    expect(look.runs).toEqual([{}, {}])
  })
})

describe('a call that has to be allowed', () => {
  test('is told of with what a person is to decide, and for how long, and runs only then', async () => {
    const write = newTool()
    const allowed = newLatch()
    const run = { waitForPermission: () => allowed.opened.then(() => true) }
    const toolbox = newToolbox({ source: newToolSource(write), decisionTimeoutMs: 1234 })
    const events = executeToolCalls([newToolCallRequest(write.name, ' {"text":"Hi"} ')], toolbox, newAgentRun(run))
    expect((await events.next()).value).toEqual({
      ...whole(newToolCallRequest(write.name, ' {"text":"Hi"} ')),
      gate: { type: 'approval', description: 'Run files__write with {"text":"Hi"}', timeoutMs: 1234 },
    })
    const next = events.next()
    await yieldToEventLoop()
    expect(write.runs).toEqual([])
    allowed.open()
    expect((await next).value).toEqual({ type: 'tool-result', callId: write.name, result: 'done' })
    expect(write.runs).toEqual([{ text: 'Hi' }])
  })

  test('does not run, and is told no more of, when it is not allowed', async () => {
    const write = newTool()
    const events = await told([newToolCallRequest(write.name)], {
      tools: [write],
      run: { waitForPermission: async () => false },
    })
    expect(events).toHaveLength(1)
    expect(write.runs).toEqual([])
  })

  test('need not ask when somebody has allowed the tool before', async () => {
    const asked: string[] = []
    const isGranted = async (tool: string) => asked.push(tool) > 0
    const [event] = await told([newToolCallRequest('files__write')], {
      tools: [newTool()],
      run: { isToolGranted: isGranted },
    })
    expect(event).toEqual(whole(newToolCallRequest('files__write')))
    expect(asked).toEqual(['files__write'])
  })

  test('is described with the beginning of very long arguments, cut at no half of a pair', async () => {
    for (const lead of ['', 'x']) {
      const argumentsText = JSON.stringify({ text: `${lead}${'😀'.repeat(400)}` })
      const [event] = await told([newToolCallRequest('files__write', argumentsText)], { tools: [newTool()] })
      const description = event?.type === 'tool-call' && event.gate?.type === 'approval' ? event.gate.description : ''
      // One code unit less where a surrogate pair would be split.
      expect([499, 500]).toContain(description.length)
      expect(description).toMatch(/^Run files__write with \{"text":"x?😀+…$/u)
      expect(description.isWellFormed()).toBe(true)
    }
  })
})

describe('a rule of the configuration', () => {
  test('that denies comes with the call: it is not asked about, and not run, granted or not', async () => {
    const write = newTool()
    const rules = { policy: new ApprovalPolicy({ 'files__*': 'deny' }) }
    const mayRun = async () => false
    const events = await told([newToolCallRequest(write.name)], {
      tools: [write],
      rules,
      run: { waitForPermission: mayRun, isToolGranted: async () => true },
    })
    expect(events).toEqual([
      {
        ...whole(newToolCallRequest(write.name)),
        gate: { type: 'denied', reason: 'The configuration does not allow this tool. It was not run.' },
      },
    ])
    expect(write.runs).toEqual([])
  })

  test('that allows has a tool run that would have asked', async () => {
    const rules = { policy: new ApprovalPolicy({ '*': 'allow' }) }
    const [event] = await told([newToolCallRequest('files__write')], { tools: [newTool()], rules })
    expect(event).toEqual(whole(newToolCallRequest('files__write')))
  })

  test('that asks has one ask that would have run', async () => {
    const rules = { policy: new ApprovalPolicy({ '*': 'ask' }) }
    const [event] = await told([newToolCallRequest('files__write')], { tools: [newTool({ isReadOnly: true })], rules })
    expect(event).toMatchObject({ gate: { type: 'approval' } })
  })
})

describe('a call that cannot be done', () => {
  test('of a tool that is not there fails, and says which', async () => {
    const events = await told([newToolCallRequest('gone "tool"')])
    expect(events).toEqual([
      whole(newToolCallRequest('gone "tool"')),
      { type: 'tool-error', callId: 'gone "tool"', error: 'There is no tool named "gone \\"tool\\"".' },
    ])
  })

  test.each(['[1]', '"text"', 'null', '3', '{"half', '{} {}'])(
    'with %s for arguments fails, asks nobody and runs nothing',
    async (argumentsText) => {
      const write = newTool()
      const events = await told([newToolCallRequest(write.name, argumentsText)], { tools: [write] })
      expect(events).toEqual([
        whole(newToolCallRequest(write.name, argumentsText)),
        { type: 'tool-error', callId: write.name, error: 'The arguments have to be a JSON object.' },
      ])
      expect(write.runs).toEqual([])
    },
  )
})

describe('a question', () => {
  test('is told of with what is asked, and its answer comes from nobody here', async () => {
    const call = newToolCallRequest('clarify', '{"question":"Which one?","choices":["Red"]}')
    expect(
      await told([call], { rules: { decisionTimeoutMs: 99 }, run: { waitForPermission: async () => false } }),
    ).toEqual([{ ...whole(call), gate: { type: 'question', question: 'Which one?', choices: ['Red'], timeoutMs: 99 } }])
  })

  test('is waited for', async () => {
    const answered = newLatch()
    const run = newAgentRun({ waitForPermission: () => answered.opened.then(() => false) })
    const events = executeToolCalls([newToolCallRequest('clarify', '{"question":"Which one?"}')], newToolbox(), run)
    await events.next()
    let over = false
    const end = events.next().then(({ done }) => (over = done === true))
    await yieldToEventLoop()
    expect(over).toBe(false)
    answered.open()
    expect(await end).toBe(true)
  })

  test('that holds none fails, and says what is needed', async () => {
    const events = await told([newToolCallRequest('clarify', '{"choices":[]}')])
    expect(events).toHaveLength(2)
    expect(errorIn(events)).toContain('A question is needed')
  })
})

describe('a tool', () => {
  const look = newToolCallRequest('look')
  const tool = (run: Tool['execute']) => newTool({ name: 'look', isReadOnly: true, execute: run })

  test('that says why it failed is told of with what it said, up to the limit', async () => {
    const tools = [tool(async () => Promise.reject(new ToolError('No such file: a.txt')))]
    expect(errorIn(await told([look], { tools }))).toBe('No such file: a.txt')

    const kept: string[] = []
    const rules = {
      maxResultLength: 10,
      storeFile: async (bytes: Uint8Array) => `${kept.push(Buffer.from(bytes).toString())}`,
    }
    const long = [tool(async () => Promise.reject(new ToolError('No such file: a.txt')))]
    expect(errorIn(await told([look], { tools: long, rules }))).toMatch(/^No such fi\n\[The first 10 of 19 characters/)
    expect(kept).toEqual(['No such file: a.txt'])
  })

  test.each<[string, Tool['execute']]>([
    ['throws an error of its own', async () => Promise.reject(new TypeError('/home/me/.secret is missing'))],
    [
      'throws before it returns a promise',
      () => {
        throw new TypeError('/home/me/.secret is missing')
      },
    ],
    ['throws a text', async () => Promise.reject('/home/me/.secret')],
    ['throws nothing', async () => Promise.reject(undefined)],
    ['throws null', async () => Promise.reject(null)],
    ['throws an object without a prototype', async () => Promise.reject(Object.create(null))],
  ])('that %s has failed; what it threw is for the log alone', async (_, run) => {
    const log = new RecordingLogger()
    const events = await told([look], {
      tools: [tool(run)],
      rules: { log },
    })
    expect(errorIn(events)).toBe('The tool failed for a reason of its own.')
    expect(log.lines).toEqual(['error: A tool failed with an unexpected error.'])
  })

  test('that does not finish in time has failed, even if it ignores its signal, and its signal is aborted', async () => {
    let signal: AbortSignal | null = null
    const ignoring = tool((_input, given) => {
      signal = given
      return never
    })
    const events = await told([look], { tools: [ignoring], rules: { toolTimeoutMs: 20 } })
    expect(errorIn(events)).toBe('It did not finish within 0.02 seconds. It may or may not have taken effect.')
    expect(signal).toMatchObject({ aborted: true })
  })

  test('that throws because its time is over is told of in the same way', async () => {
    const obeying = tool(async (_input, signal) => {
      const { promise, reject } = Promise.withResolvers<never>()
      signal.addEventListener('abort', () => reject(new ToolError('Aborted.')))
      return promise
    })
    expect(errorIn(await told([look], { tools: [obeying], rules: { toolTimeoutMs: 20 } }))).toMatch(
      /^It did not finish/,
    )
  })

  test('that fails after its time is over troubles nobody', async () => {
    const late = newLatch()
    const failing = tool(() => late.opened.then(() => Promise.reject(new Error('too late'))))
    expect(errorIn(await told([look], { tools: [failing], rules: { toolTimeoutMs: 20 } }))).toMatch(
      /^It did not finish/,
    )
    late.open()
    await yieldToEventLoop()
  })

  test('is told no more of once the run is over, whether it obeys its signal or not', async () => {
    for (const obeys of [true, false]) {
      const controller = new AbortController()
      const begun = newLatch()
      const stuck = tool(async (_input, signal) => {
        begun.open()
        if (!obeys) return never
        const { promise, reject } = Promise.withResolvers<never>()
        signal.addEventListener('abort', () => reject(new ToolError('Aborted.')))
        return promise
      })
      const events = told([look], { tools: [stuck], run: { signal: controller.signal } })
      await begun.opened
      controller.abort()
      expect(await events).toEqual([whole(look)])
    }
  })

  test('whose result is too long is told of with its beginning and the file that has all of it', async () => {
    const kept: number[] = []
    const rules = { maxResultLength: 100, storeFile: async (bytes: Uint8Array) => `hash ${kept.push(bytes.length)}` }
    const [, event] = await told([look], { tools: [tool(async () => 'x'.repeat(101))], rules })
    expect(event).toMatchObject({ type: 'tool-result', fileHash: 'hash 1' })
    expect(event?.type === 'tool-result' && String(event.result)).toMatch(/^x{100}\n\[The first 100 of 101 characters/)
    expect(kept).toEqual([101])
  })

  test('whose result cannot be kept has not failed: it is said what is missing', async () => {
    const log = new RecordingLogger()
    const rules = {
      maxResultLength: 5,
      storeFile: async () => Promise.reject(new Error('the disk is full')),
      log,
    }
    const events = await told([look], { tools: [tool(async () => 'x'.repeat(9))], rules })
    expect(events).toMatchObject([whole(look), { type: 'tool-error' }])
    expect(errorIn(events)).toBe('It has run, but its result could not be kept.')
    expect(log.errors).toMatchObject([{ message: 'the disk is full' }])
  })

  test('whose error cannot be kept has failed, and nothing is thrown', async () => {
    const rules = {
      maxResultLength: 5,
      storeFile: async () => Promise.reject(new Error('the disk is full')),
      log: silentLogger,
    }
    const failing = tool(async () => Promise.reject(new ToolError('No such file: a.txt')))
    const events = await told([look], { tools: [failing], rules })
    expect(errorIn(events)).toBe('It failed. Why could not be kept.')
  })
})

describe('several calls', () => {
  test('are told of before any of them is over, and each ends as soon as it can', async () => {
    const slow = newLatch()
    const tools = [
      newTool({ name: 'slow', isReadOnly: true, execute: () => slow.opened.then(() => 'slow') }),
      newTool({ name: 'quick', isReadOnly: true, execute: async () => 'quick' }),
    ]
    const seen: string[] = []
    for await (const event of executeToolCalls(
      [newToolCallRequest('slow'), newToolCallRequest('quick')],
      newToolbox({ source: newToolSource(...tools) }),
      newAgentRun(),
    )) {
      seen.push(`${event.type} ${'callId' in event ? event.callId : ''}`)
      if (event.type === 'tool-result' && event.callId === 'quick') slow.open()
    }
    expect(seen.slice(0, 2).toSorted()).toEqual(['tool-call quick', 'tool-call slow'])
    expect(seen.slice(2)).toEqual(['tool-result quick', 'tool-result slow'])
  })

  test('run while one of them waits for a person', async () => {
    const allowed = newLatch()
    const tools = [newTool(), newTool({ name: 'look', isReadOnly: true, execute: async () => 'seen' })]
    const run = {
      waitForPermission: (id: string) => (id === 'look' ? Promise.resolve(true) : allowed.opened.then(() => true)),
    }
    const seen: string[] = []
    const calls = [newToolCallRequest('files__write'), newToolCallRequest('look')]
    for await (const event of executeToolCalls(
      calls,
      newToolbox({ source: newToolSource(...tools) }),
      newAgentRun(run),
    )) {
      seen.push(`${event.type} ${'callId' in event ? event.callId : ''}`)
      if (event.type === 'tool-result' && event.callId === 'look') allowed.open()
    }
    expect(seen.slice(2)).toEqual(['tool-result look', 'tool-result files__write'])
  })

  test('go on when one of them fails', async () => {
    const tools = [
      newTool({ name: 'broken', isReadOnly: true, execute: async () => Promise.reject(new ToolError('No.')) }),
      newTool({ name: 'look', isReadOnly: true, execute: async () => 'seen' }),
    ]
    const events = await told([newToolCallRequest('broken'), newToolCallRequest('gone'), newToolCallRequest('look')], {
      tools,
    })
    expect(events.filter(({ type }) => type !== 'tool-call')).toHaveLength(3)
    expect(events).toContainEqual({ type: 'tool-result', callId: 'look', result: 'seen' })
  })

  test('of the same tool are as many runs, each with arguments of its own', async () => {
    const write = newTool({ isReadOnly: true })
    const calls = [newToolCallRequest(write.name, '{"n":1}', 'a'), newToolCallRequest(write.name, '{"n":2}', 'b')]
    await told(calls, { tools: [write] })
    expect(write.runs).toEqual([{ n: 1 }, { n: 2 }])
  })

  test('with one and the same id are one call: what nobody was shown is not run', async () => {
    const look = newTool({ name: 'look', isReadOnly: true })
    const write = newTool()
    const calls = [newToolCallRequest('look', '{}', '0'), newToolCallRequest('files__write', '{"all":true}', '0')]
    const events = await told(calls, { tools: [look, write] })
    expect(events).toEqual([
      whole(newToolCallRequest('look', '{}', '0')),
      { type: 'tool-result', callId: '0', result: 'done' },
    ])
    expect(write.runs).toEqual([])
  })

  test('that are none are nothing', async () => {
    expect(await told([])).toEqual([])
  })
})
