import type { Json } from '../../model/records.ts'
import type { AgentEvent, AgentRun, Gate } from '../agent.ts'
import { merged } from '../../lib/merge-async-iterables.ts'
import { parseJson } from '../../lib/parse-json.ts'
import { clarify, questionIn } from './clarify-tool.ts'
import { limited } from './truncate-result.ts'
import { type JsonObject, type Tool, ToolError } from './tool.ts'
import type { Toolbox } from './toolbox.ts'

/** A call that the model has made whole. */
export interface WholeCall {
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
export async function* runCalls(
  calls: readonly WholeCall[],
  toolbox: Toolbox,
  run: AgentRun,
): AsyncGenerator<AgentEvent, void, void> {
  const tools = await toolbox.tools()
  const distinct = calls.filter(({ callId }, index) => calls.findIndex((call) => call.callId === callId) === index)
  yield* merged(distinct.map((call) => runCall(call, tools.get(call.name) ?? null, toolbox, run)))
}

async function* runCall(
  call: WholeCall,
  tool: Tool | null,
  toolbox: Toolbox,
  run: AgentRun,
): AsyncGenerator<AgentEvent, void, void> {
  const { callId, name, argumentsText } = call
  const whole = { type: 'tool-call', callId, name, argumentsText } as const
  const failed = (error: string) => ({ type: 'tool-error', callId, error }) as const

  if (name === clarify.name) {
    const question = questionIn(argumentsText)
    yield question ? { ...whole, gate: { type: 'question', ...question, within: toolbox.rules.decisionTime } } : whole
    if (question) await run.mayRun(callId)
    else yield failed('A question is needed, as in {"question": "…", "choices": ["…"]}.')
    return
  }
  const input = inputOf(argumentsText)
  if (!tool || !input) {
    yield whole
    yield failed(tool ? 'The arguments have to be a JSON object.' : `There is no tool named ${JSON.stringify(name)}.`)
    return
  }
  const gate = await gateOf(tool, argumentsText, toolbox, run)
  yield gate ? { ...whole, gate } : whole
  if (!(await run.mayRun(callId))) return
  yield* done(tool, input, callId, toolbox, run)
}

async function* done(
  tool: Tool,
  input: JsonObject,
  callId: string,
  { rules }: Toolbox,
  run: AgentRun,
): AsyncGenerator<AgentEvent, void, void> {
  const time = AbortSignal.timeout(rules.toolTime)
  const kept = (value: Json) =>
    limited(value, rules.resultLength, rules.keep).catch((error: unknown) => {
      rules.onProblem(error, 'the result of a tool could not be kept')
      return null
    })
  try {
    const result = await kept(await settled(tool, input, AbortSignal.any([run.signal, time])))
    if (result) yield { type: 'tool-result', callId, ...result }
    else yield { type: 'tool-error', callId, error: 'It has run, but its result could not be kept.' }
  } catch (error) {
    if (run.signal.aborted) return
    if (time.aborted) {
      const seconds = rules.toolTime / 1000
      yield {
        type: 'tool-error',
        callId,
        error: `It did not finish within ${seconds} seconds. It may or may not have taken effect.`,
      }
    } else if (error instanceof ToolError) {
      const { result, ...rest } = (await kept(error.message)) ?? { result: 'It failed. Why could not be kept.' }
      yield { type: 'tool-error', callId, error: String(result), ...rest }
    } else {
      rules.onProblem(error, 'a tool failed')
      yield { type: 'tool-error', callId, error: 'The tool failed for a reason of its own.' }
    }
  }
}

/** What the tool returns; a tool that ignores its signal is not waited for. */
function settled(tool: Tool, input: JsonObject, signal: AbortSignal): Promise<Json> {
  const { promise, reject } = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  if (signal.aborted) reject(signal.reason)
  promise.catch(() => undefined)
  return Promise.race([tool.run(input, signal), promise])
}

async function gateOf(tool: Tool, argumentsText: string, { rules }: Toolbox, run: AgentRun): Promise<Gate | null> {
  const rule = rules.policy.ruleFor(tool)
  if (rule === 'deny') return { type: 'denied', reason: 'The configuration does not allow this tool. It was not run.' }
  if (rule === 'allow' || (await run.isGranted(tool.name))) return null
  return { type: 'approval', description: described(tool, argumentsText), within: rules.decisionTime }
}

const longestDescription = 500 // UTF-16 code units

/** What a person is told who is to allow a call. */
function described({ name }: Tool, argumentsText: string): string {
  const text = `Run ${name} with ${argumentsText.trim() || '{}'}`
  return text.length <= longestDescription ? text : `${text.slice(0, longestDescription - 1).toWellFormed()}…`
}

/** The arguments as a tool takes them; null when they are no object. */
function inputOf(argumentsText: string): JsonObject | null {
  // A model that calls a tool without parameters often sends nothing at all.
  const value = argumentsText.trim() === '' ? {} : parseJson(argumentsText)
  return isObject(value) ? value : null
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
