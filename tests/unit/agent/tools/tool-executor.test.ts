import { newStoreFile } from '../../../support/files/store-file.ts'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { AgentEvent, AgentRun, ToolCallRequest } from '../../../../src/agent/agent.ts'
import { ApprovalPolicy } from '../../../../src/agent/tools/approval-policy.ts'
import { type JsonObject, type Tool, ToolError, type ToolExecutionContext } from '../../../../src/agent/tools/tool.ts'
import type { ToolSource } from '../../../../src/agent/tools/tool-source.ts'
import type { ToolboxOptions } from '../../../../src/agent/tools/toolbox.ts'
import { newLatch } from '../../../support/fixtures/chats/agent-chats.ts'
import { newAgentRun } from '../../../support/fixtures/agent-run.ts'
import { newToolbox } from '../../../support/fixtures/toolbox.ts'
import { newToolCallRequest, newTool, newToolSource } from '../../../support/fixtures/tools.ts'
import { rejectOnAbort } from '../../../../src/lib/async/reject-on-abort.ts'
import { yieldToEventLoop } from '../../../../src/lib/async/yield-to-event-loop.ts'
import { RecordingLogger } from '../../../support/recording-logger.ts'
import { silentLogger } from '../../../../src/lib/logger.ts'

const never = new Promise<never>(() => {})
const permission = { changedArguments: null }

interface ExecuteOptions {
  readonly tools?: readonly Tool[]
  readonly toolbox?: Partial<ToolboxOptions>
  readonly run?: Partial<AgentRun>
}

/** Executes calls, and returns all events. */
function execute(
  calls: readonly ToolCallRequest[],
  { tools = [], toolbox = {}, run = {} }: ExecuteOptions = {},
): Promise<AgentEvent[]> {
  const executor = newToolbox({ source: newToolSource(...tools), ...toolbox })
  return Array.fromAsync(executor.execute(calls, newAgentRun(run)))
}

const toCallEvent = (call: ToolCallRequest) => ({ type: 'tool-call', ...call })
const findError = (events: readonly AgentEvent[]) => events.find((event) => event.type === 'tool-error')?.error

describe('a call of a tool that only reads', () => {
  test('yields the call without a gate, then the result', async () => {
    const look = newTool({ name: 'look', isReadOnly: true, execute: async ({ at }) => ({ seen: at ?? null }) })
    const call = newToolCallRequest('look', '{"at":"Paris"}')
    expect(await execute([call], { tools: [look] })).toEqual([
      toCallEvent(call),
      { type: 'tool-result', callId: 'look', result: { seen: 'Paris' } },
    ])
    expect(look.runs).toEqual([{ at: 'Paris' }])
  })

  test('may have empty arguments, which mean an empty object', async () => {
    const look = newTool({ isReadOnly: true })
    for (const nothing of ['', ' \n']) await execute([newToolCallRequest(look.name, nothing)], { tools: [look] })
    expect(look.runs).toEqual([{}, {}])
  })
})

describe('a call that needs approval', () => {
  test('yields a description and a timeout, and runs only when it is allowed', async () => {
    const write = newTool()
    const allowed = newLatch()
    const run = { waitForPermission: () => allowed.opened.then(() => permission) }
    const toolbox = newToolbox({ source: newToolSource(write), decisionTimeoutMs: 1234 })
    const events = toolbox.execute([newToolCallRequest(write.name, ' {"text":"Hi"} ')], newAgentRun(run))
    expect((await events.next()).value).toEqual({
      ...toCallEvent(newToolCallRequest(write.name, ' {"text":"Hi"} ')),
      gate: {
        type: 'approval',
        description: 'Run files__write with {"text":"Hi"}',
        inputSchema: write.inputSchema,
        timeoutMs: 1234,
      },
    })
    const next = events.next()
    await yieldToEventLoop()
    expect(write.runs).toEqual([])
    allowed.open()
    expect((await next).value).toEqual({ type: 'tool-result', callId: write.name, result: 'done' })
    expect(write.runs).toEqual([{ text: 'Hi' }])
  })

  test('does not run, and yields nothing more, if it is denied', async () => {
    const write = newTool()
    const events = await execute([newToolCallRequest(write.name)], {
      tools: [write],
      run: { waitForPermission: async () => null },
    })
    expect(events).toHaveLength(1)
    expect(write.runs).toEqual([])
  })

  test('yields no gate if the tool is granted', async () => {
    const checkedTools: string[] = []
    const isGranted = async (tool: string) => checkedTools.push(tool) > 0
    const [event] = await execute([newToolCallRequest('files__write')], {
      tools: [newTool()],
      run: { isCallAllowed: isGranted },
    })
    expect(event).toEqual(toCallEvent(newToolCallRequest('files__write')))
    expect(checkedTools).toEqual(['files__write'])
  })

  test('is described by what the tool is given, with everything invisible escaped', async () => {
    const write = newTool()
    const argumentsText = '{ "text": "a", "text": "ls \u202e\\u200b\\n\u{e0041}" }'
    const [event] = await execute([newToolCallRequest(write.name, argumentsText)], { tools: [write] })
    expect(event).toMatchObject({
      argumentsText,
      gate: { description: 'Run files__write with {"text":"ls \\u202e\\u200b\\n\\u{e0041}"}' },
    })
  })

  test('is described by the beginning of long arguments, without splitting a surrogate pair', async () => {
    for (const lead of ['', 'x']) {
      const argumentsText = JSON.stringify({ text: `${lead}${'😀'.repeat(400)}` })
      const [event] = await execute([newToolCallRequest('files__write', argumentsText)], { tools: [newTool()] })
      const description = event?.type === 'tool-call' && event.gate?.type === 'approval' ? event.gate.description : ''
      // One code unit less where a surrogate pair would be split.
      expect([499, 500]).toContain(description.length)
      expect(description).toMatch(/^Run files__write with \{"text":"x?😀+…$/u)
      expect(description.isWellFormed()).toBe(true)
    }
  })
})

describe('a configured rule', () => {
  test('that denies prevents the call without asking, even if the tool is granted', async () => {
    const write = newTool()
    const toolbox = { policy: new ApprovalPolicy({ 'files__*': 'deny' }) }
    const mayRun = async () => null
    const events = await execute([newToolCallRequest(write.name)], {
      tools: [write],
      toolbox,
      run: { waitForPermission: mayRun, isCallAllowed: async () => true },
    })
    expect(events).toEqual([
      {
        ...toCallEvent(newToolCallRequest(write.name)),
        gate: { type: 'denied', reason: 'The configuration denies this tool. It was not run.' },
      },
    ])
    expect(write.runs).toEqual([])
  })

  test('that allows lets a tool run that would ask by default', async () => {
    const toolbox = { policy: new ApprovalPolicy({ '*': 'allow' }) }
    const [event] = await execute([newToolCallRequest('files__write')], { tools: [newTool()], toolbox })
    expect(event).toEqual(toCallEvent(newToolCallRequest('files__write')))
  })

  test('that asks requires approval for a tool that would run by default', async () => {
    const toolbox = { policy: new ApprovalPolicy({ '*': 'ask' }) }
    const [event] = await execute([newToolCallRequest('files__write')], {
      tools: [newTool({ isReadOnly: true })],
      toolbox,
    })
    expect(event).toMatchObject({ gate: { type: 'approval' } })
  })
})

describe('a call of a tool that is not available', () => {
  const source = (findTool: ToolSource['findTool']): ToolSource => ({ ...newToolSource(), findTool })

  test('fails with the reason that its source gives', async () => {
    const unavailable = source(async () => Promise.reject(new ToolError('The MCP server files is disabled.')))
    const events = await execute([newToolCallRequest('files__write')], { toolbox: { source: unavailable } })
    expect(findError(events)).toBe('The MCP server files is disabled.')
  })

  test('waits for it no longer than a tool may take', async () => {
    const starting = source((_name, signal) => rejectOnAbort(never, signal))
    const toolbox = { source: starting, toolTimeoutMs: 20 }
    expect(findError(await execute([newToolCallRequest('files__write')], { toolbox }))).toBe(
      'The tool was not available within 0.02 seconds. Try again later.',
    )
  })
})

describe('an invalid call', () => {
  test('fails with the name of a tool that does not exist', async () => {
    const events = await execute([newToolCallRequest('gone "tool"')])
    expect(events).toEqual([
      toCallEvent(newToolCallRequest('gone "tool"')),
      { type: 'tool-error', callId: 'gone "tool"', error: 'There is no tool named "gone \\"tool\\"".' },
    ])
  })

  test.each(['[1]', '"text"', 'null', '3', '{"half', '{} {}'])(
    'fails without approval and without running if its arguments are %s',
    async (argumentsText) => {
      const write = newTool()
      const events = await execute([newToolCallRequest(write.name, argumentsText)], { tools: [write] })
      expect(events).toEqual([
        toCallEvent(newToolCallRequest(write.name, argumentsText)),
        { type: 'tool-error', callId: write.name, error: 'The arguments must be a JSON object.' },
      ])
      expect(write.runs).toEqual([])
    },
  )
})

describe('a question', () => {
  test('yields its text, choices and timeout, and no result', async () => {
    const call = newToolCallRequest('clarify', '{"question":"Which one?","choices":["Red"]}')
    expect(
      await execute([call], { toolbox: { decisionTimeoutMs: 99 }, run: { waitForPermission: async () => null } }),
    ).toEqual([
      { ...toCallEvent(call), gate: { type: 'question', question: 'Which one?', choices: ['Red'], timeoutMs: 99 } },
    ])
  })

  test('waits for the answer', async () => {
    const answered = newLatch()
    const run = newAgentRun({ waitForPermission: () => answered.opened.then(() => null) })
    const events = newToolbox().execute([newToolCallRequest('clarify', '{"question":"Which one?"}')], run)
    await events.next()
    let isOver = false
    const end = events.next().then(({ done }) => (isOver = done === true))
    await yieldToEventLoop()
    expect(isOver).toBe(false)
    answered.open()
    expect(await end).toBe(true)
  })

  test('fails with the expected format if it has no text', async () => {
    const events = await execute([newToolCallRequest('clarify', '{"choices":[]}')])
    expect(events).toHaveLength(2)
    expect(findError(events)).toContain('The question is missing.')
  })
})

describe('a tool', () => {
  const look = newToolCallRequest('look')
  const tool = (run: Tool['execute']) => newTool({ name: 'look', isReadOnly: true, execute: run })

  test('that throws a ToolError fails with its message, up to the limit', async () => {
    const tools = [tool(async () => Promise.reject(new ToolError('No such file: a.txt')))]
    expect(findError(await execute([look], { tools }))).toBe('No such file: a.txt')

    const stored: string[] = []
    const toolbox = {
      maxResultLength: 10,
      storeFile: newStoreFile(async (bytes) => `${stored.push(Buffer.from(bytes).toString())}`),
    }
    const long = [tool(async () => Promise.reject(new ToolError('No such file: a.txt')))]
    expect(findError(await execute([look], { tools: long, toolbox }))).toMatch(
      /^No such fi\n\[Truncated: the first 10 of 19 characters/,
    )
    expect(stored).toEqual(['No such file: a.txt'])
  })

  test.each<[string, Tool['execute']]>([
    ['throws another error', async () => Promise.reject(new TypeError('/home/me/.secret is missing'))],
    [
      'throws before it returns a promise',
      () => {
        throw new TypeError('/home/me/.secret is missing')
      },
    ],
    ['throws a string', async () => Promise.reject('/home/me/.secret')],
    ['throws undefined', async () => Promise.reject(undefined)],
    ['throws null', async () => Promise.reject(null)],
    ['throws an object without a prototype', async () => Promise.reject(Object.create(null))],
  ])('that %s fails with a generic message; the error is logged', async (_, run) => {
    const log = new RecordingLogger()
    const events = await execute([look], {
      tools: [tool(run)],
      toolbox: { log },
    })
    expect(findError(events)).toBe('The tool failed with an internal error.')
    expect(log.lines).toEqual(['error: Tool failed with an unexpected error.'])
  })

  test('that exceeds its timeout fails, even if it ignores its signal, which aborts', async () => {
    let signal: AbortSignal | null = null
    const ignoring = tool((_input, context) => {
      signal = context.signal
      return never
    })
    const events = await execute([look], { tools: [ignoring], toolbox: { toolTimeoutMs: 20 } })
    expect(findError(events)).toBe('The tool did not finish within 0.02 seconds. It may or may not have taken effect.')
    expect(signal).toMatchObject({ aborted: true })
  })

  test('that reports progress has its timeout restarted', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const done = newLatch()
    const contexts: ToolExecutionContext[] = []
    const working = tool((_input, context) => {
      contexts.push(context)
      return done.opened.then(() => 'done')
    })
    const events = execute([look], { tools: [working], toolbox: { toolTimeoutMs: 1000 } })
    for (let round = 0; round < 5; round += 1) {
      await vi.advanceTimersByTimeAsync(900)
      contexts[0]?.onProgress()
    }
    done.open()
    expect(await events).toContainEqual({ type: 'tool-result', callId: 'look', result: 'done' })
  })

  test('that throws because of its timeout fails in the same way', async () => {
    const obeying = tool(async (_input, { signal }) => {
      const { promise, reject } = Promise.withResolvers<never>()
      signal.addEventListener('abort', () => reject(new ToolError('Aborted.')))
      return promise
    })
    expect(findError(await execute([look], { tools: [obeying], toolbox: { toolTimeoutMs: 20 } }))).toMatch(
      /^The tool did not finish/,
    )
  })

  test('that fails after its timeout causes no unhandled rejection', async () => {
    const late = newLatch()
    const failing = tool(() => late.opened.then(() => Promise.reject(new Error('too late'))))
    expect(findError(await execute([look], { tools: [failing], toolbox: { toolTimeoutMs: 20 } }))).toMatch(
      /^The tool did not finish/,
    )
    late.open()
    await yieldToEventLoop()
  })

  test('yields nothing more once the run is aborted, whether it obeys its signal or not', async () => {
    for (const obeys of [true, false]) {
      const controller = new AbortController()
      const started = newLatch()
      const stuck = tool(async (_input, { signal }) => {
        started.open()
        if (!obeys) return never
        const { promise, reject } = Promise.withResolvers<never>()
        signal.addEventListener('abort', () => reject(new ToolError('Aborted.')))
        return promise
      })
      const events = execute([look], { tools: [stuck], run: { signal: controller.signal } })
      await started.opened
      controller.abort()
      expect(await events).toEqual([toCallEvent(look)])
    }
  })

  test('whose result is too long yields its beginning and the hash of the stored file', async () => {
    const storedSizes: number[] = []
    const toolbox = {
      maxResultLength: 100,
      storeFile: newStoreFile(async (bytes) => `hash ${storedSizes.push(bytes.length)}`),
    }
    const [, event] = await execute([look], { tools: [tool(async () => 'x'.repeat(101))], toolbox })
    expect(event).toMatchObject({ type: 'tool-result', fileHash: 'hash 1' })
    expect(event?.type === 'tool-result' && String(event.result)).toMatch(
      /^x{100}\n\[Truncated: the first 100 of 101 characters/,
    )
    expect(storedSizes).toEqual([101])
  })

  test('whose result cannot be stored fails with a message that says that it ran', async () => {
    const log = new RecordingLogger()
    const toolbox = {
      maxResultLength: 5,
      storeFile: async () => Promise.reject(new Error('the disk is full')),
      log,
    }
    const events = await execute([look], { tools: [tool(async () => 'x'.repeat(9))], toolbox })
    expect(events).toMatchObject([toCallEvent(look), { type: 'tool-error' }])
    expect(findError(events)).toBe('The tool ran, but its result could not be stored.')
    expect(log.errors).toMatchObject([{ message: 'the disk is full' }])
  })

  test('whose error cannot be stored fails without throwing', async () => {
    const toolbox = {
      maxResultLength: 5,
      storeFile: async () => Promise.reject(new Error('the disk is full')),
      log: silentLogger,
    }
    const failing = tool(async () => Promise.reject(new ToolError('No such file: a.txt')))
    const events = await execute([look], { tools: [failing], toolbox })
    expect(findError(events)).toBe('The tool failed. Its error message could not be stored.')
  })
})

describe('several calls', () => {
  test('are all yielded before the first result, and finish independently', async () => {
    const slow = newLatch()
    const tools = [
      newTool({ name: 'slow', isReadOnly: true, execute: () => slow.opened.then(() => 'slow') }),
      newTool({ name: 'quick', isReadOnly: true, execute: async () => 'quick' }),
    ]
    const received: string[] = []
    for await (const event of newToolbox({ source: newToolSource(...tools) }).execute(
      [newToolCallRequest('slow'), newToolCallRequest('quick')],
      newAgentRun(),
    )) {
      received.push(`${event.type} ${'callId' in event ? event.callId : ''}`)
      if (event.type === 'tool-result' && event.callId === 'quick') slow.open()
    }
    expect(received.slice(0, 2).toSorted()).toEqual(['tool-call quick', 'tool-call slow'])
    expect(received.slice(2)).toEqual(['tool-result quick', 'tool-result slow'])
  })

  test('run while one of them waits for approval', async () => {
    const allowed = newLatch()
    const tools = [newTool(), newTool({ name: 'look', isReadOnly: true, execute: async () => 'seen' })]
    const run = {
      waitForPermission: (id: string) =>
        id === 'look' ? Promise.resolve(permission) : allowed.opened.then(() => permission),
    }
    const received: string[] = []
    const calls = [newToolCallRequest('files__write'), newToolCallRequest('look')]
    for await (const event of newToolbox({ source: newToolSource(...tools) }).execute(calls, newAgentRun(run))) {
      received.push(`${event.type} ${'callId' in event ? event.callId : ''}`)
      if (event.type === 'tool-result' && event.callId === 'look') allowed.open()
    }
    expect(received.slice(2)).toEqual(['tool-result look', 'tool-result files__write'])
  })

  test('request approvals in their order, whichever is looked up first', async () => {
    const write = newTool()
    const latches = [newLatch(), newLatch()]
    const run = {
      isCallAllowed: async (_: string, { n }: JsonObject) => {
        await latches[Number(n)]?.opened
        return false
      },
      waitForPermission: async () => null,
    }
    const calls = [0, 1].map((n) => newToolCallRequest(write.name, `{"n":${n}}`, `call_${n}`))
    const events = execute(calls, { tools: [write], run })
    latches[1]?.open()
    await yieldToEventLoop()
    latches[0]?.open()
    expect(await events).toMatchObject([{ callId: 'call_0' }, { callId: 'call_1' }])
  })

  test('continue if one of them fails', async () => {
    const tools = [
      newTool({ name: 'broken', isReadOnly: true, execute: async () => Promise.reject(new ToolError('No.')) }),
      newTool({ name: 'look', isReadOnly: true, execute: async () => 'seen' }),
    ]
    const events = await execute(
      [newToolCallRequest('broken'), newToolCallRequest('gone'), newToolCallRequest('look')],
      {
        tools,
      },
    )
    expect(events.filter(({ type }) => type !== 'tool-call')).toHaveLength(3)
    expect(events).toContainEqual({ type: 'tool-result', callId: 'look', result: 'seen' })
  })

  test('of the same tool run separately, each with its arguments', async () => {
    const write = newTool({ isReadOnly: true })
    const calls = [newToolCallRequest(write.name, '{"n":1}', 'a'), newToolCallRequest(write.name, '{"n":2}', 'b')]
    await execute(calls, { tools: [write] })
    expect(write.runs).toEqual([{ n: 1 }, { n: 2 }])
  })

  test('with the same id are one call: only the first one runs', async () => {
    const look = newTool({ name: 'look', isReadOnly: true })
    const write = newTool()
    const calls = [newToolCallRequest('look', '{}', '0'), newToolCallRequest('files__write', '{"all":true}', '0')]
    const events = await execute(calls, { tools: [look, write] })
    expect(events).toEqual([
      toCallEvent(newToolCallRequest('look', '{}', '0')),
      { type: 'tool-result', callId: '0', result: 'done' },
    ])
    expect(write.runs).toEqual([])
  })

  test('may be none, and then yield nothing', async () => {
    expect(await execute([])).toEqual([])
  })
})
