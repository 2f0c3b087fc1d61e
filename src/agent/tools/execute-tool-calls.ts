import { isJsonObject, type Json } from '../../lib/json.ts'
import type { AgentEvent, AgentRun, ToolGate } from '../agent.ts'
import { mergeAsyncIterables } from '../../lib/merge-async-iterables.ts'
import { parseToolArguments } from '../../model/tool-call.ts'
import { clarifyTool, parseQuestion } from './clarify-tool.ts'
import { truncateResult } from './truncate-result.ts'
import { type JsonObject, type Tool, ToolError } from './tool.ts'
import type { Toolbox } from './toolbox.ts'
import { truncate } from '../../lib/truncate.ts'
import { rejectOnAbort } from '../../lib/reject-on-abort.ts'

/** A call that the model has made whole. */
export interface ToolCallRequest {
  readonly callId: string
  readonly name: string
  readonly argumentsText: string
}

/**
 * Has the calls of one step done, all at the same time: each is told of as whole, waits for a person where it has to,
 * is run once that is saved, and ends with a result or an error. Nothing that a tool does makes this throw. Of calls
 * that have one id only the first is done: the others are not told apart from it, neither in the log nor by whoever
 * allows it.
 */
export async function* executeToolCalls(
  calls: readonly ToolCallRequest[],
  toolbox: Toolbox,
  run: AgentRun,
): AsyncGenerator<AgentEvent, void, void> {
  const tools = await toolbox.tools()
  const distinct = calls.filter(({ callId }, index) => calls.findIndex((call) => call.callId === callId) === index)
  yield* mergeAsyncIterables(distinct.map((call) => executeToolCall(call, tools.get(call.name) ?? null, toolbox, run)))
}

async function* executeToolCall(
  call: ToolCallRequest,
  tool: Tool | null,
  toolbox: Toolbox,
  run: AgentRun,
): AsyncGenerator<AgentEvent, void, void> {
  const { callId, name, argumentsText } = call
  const callEvent = { type: 'tool-call', callId, name, argumentsText } as const
  const toErrorEvent = (error: string) => ({ type: 'tool-error', callId, error }) as const

  if (name === clarifyTool.name) {
    const question = parseQuestion(argumentsText)
    yield question
      ? { ...callEvent, gate: { type: 'question', ...question, timeoutMs: toolbox.options.decisionTimeoutMs } }
      : callEvent
    if (question) await run.waitForPermission(callId)
    else yield toErrorEvent('A question is needed, as in {"question": "…", "choices": ["…"]}.')
    return
  }
  const input = parseToolInput(argumentsText)
  if (!tool || !input) {
    yield callEvent
    yield toErrorEvent(
      tool ? 'The arguments have to be a JSON object.' : `There is no tool named ${JSON.stringify(name)}.`,
    )
    return
  }
  const gate = await createGate(tool, argumentsText, toolbox, run)
  yield gate ? { ...callEvent, gate } : callEvent
  if (!(await run.waitForPermission(callId))) return
  yield* runTool(tool, input, callId, toolbox, run)
}

async function* runTool(
  tool: Tool,
  input: JsonObject,
  callId: string,
  { options }: Toolbox,
  run: AgentRun,
): AsyncGenerator<AgentEvent, void, void> {
  const timeoutSignal = AbortSignal.timeout(options.toolTimeoutMs)
  const shorten = (value: Json) =>
    truncateResult(value, options.maxResultLength, options.storeFile).catch((error: unknown) => {
      options.log.error({ err: error, tool: tool.name }, 'The result of a tool could not be stored.')
      return null
    })
  try {
    const result = await shorten(await executeTool(tool, input, AbortSignal.any([run.signal, timeoutSignal])))
    if (result) yield { type: 'tool-result', callId, ...result }
    else yield { type: 'tool-error', callId, error: 'It has run, but its result could not be kept.' }
  } catch (error) {
    if (run.signal.aborted) return
    if (timeoutSignal.aborted) {
      const seconds = options.toolTimeoutMs / 1000
      yield {
        type: 'tool-error',
        callId,
        error: `It did not finish within ${seconds} seconds. It may or may not have taken effect.`,
      }
    } else if (error instanceof ToolError) {
      const { result, ...rest } = (await shorten(error.message)) ?? { result: 'It failed. Why could not be kept.' }
      yield { type: 'tool-error', callId, error: String(result), ...rest }
    } else {
      options.log.error({ err: error, tool: tool.name }, 'A tool failed with an unexpected error.')
      yield { type: 'tool-error', callId, error: 'The tool failed for a reason of its own.' }
    }
  }
}

/** Rejects when the signal aborts, even if the tool ignores its signal. */
function executeTool(tool: Tool, input: JsonObject, signal: AbortSignal): Promise<Json> {
  return rejectOnAbort(tool.execute(input, signal), signal)
}

async function createGate(
  tool: Tool,
  argumentsText: string,
  { options }: Toolbox,
  run: AgentRun,
): Promise<ToolGate | null> {
  const rule = options.policy.findRule(tool)
  if (rule === 'deny') return { type: 'denied', reason: 'The configuration does not allow this tool. It was not run.' }
  if (rule === 'allow' || (await run.isToolGranted(tool.name))) return null
  return { type: 'approval', description: describeToolCall(tool, argumentsText), timeoutMs: options.decisionTimeoutMs }
}

const maxDescriptionLength = 500 // UTF-16 code units

/** What a person is told who is to allow a call. */
function describeToolCall({ name }: Tool, argumentsText: string): string {
  return truncate(`Run ${name} with ${argumentsText.trim() || '{}'}`, maxDescriptionLength)
}

/** The arguments as the object that tools take; null for anything else. */
function parseToolInput(argumentsText: string): JsonObject | null {
  const value = parseToolArguments(argumentsText)
  return isJsonObject(value) ? value : null
}
