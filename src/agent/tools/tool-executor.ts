import { escapeInvisible } from '../../lib/text/escape-invisible.ts'
import { isJsonObject, type Json, listPrototypeKeys, prototypeKey, stringifyJson } from '../../lib/text/json.ts'
import type { Logger } from '../../lib/logger.ts'
import { mergeAsyncIterables } from '../../lib/async/iterables/merge-async-iterables.ts'
import { ExtendableTimeout } from '../../lib/async/extendable-timeout.ts'
import { rejectOnAbort } from '../../lib/async/reject-on-abort.ts'
import { truncate } from '../../lib/text/truncate.ts'
import { parseToolArguments } from '../../model/tool-call.ts'
import type { AgentEvent, AgentRun, ToolCallRequest, ToolCallPrecondition } from '../agent.ts'
import type { ProducedFile, StoredFile, StoreFile } from '../produced-file.ts'
import type { ApprovalPolicy } from './approval-policy.ts'
import { clarifyTool, parseClarifyQuestion } from './clarify-tool.ts'
import { type JsonObject, type Tool, ToolError, type ToolExecutionContext } from './tool.ts'
import type { ToolSource } from './tool-source.ts'
import { type TruncatedToolResult, truncateToolResult } from './truncate-tool-result.ts'

export interface ToolExecutorOptions {
  readonly policy: ApprovalPolicy
  /** Whether there is a tool `clarify`, with which models ask the user. */
  readonly offersClarify: boolean
  /** Stores a file of a result, or a result that is too long for the log. */
  readonly storeFile: StoreFile
  /** Milliseconds without progress after which a tool call has failed. */
  readonly toolTimeoutMs: number
  /** Milliseconds after which an approval or a clarification expires. */
  readonly decisionTimeoutMs: number
  /** Maximum length of a result in the log and in requests to the model, in UTF-16 code units. */
  readonly maxResultLength: number
  readonly log: Logger
}

const notStoredMessage = 'The tool ran, but its result could not be stored.'

const maxDescriptionLength = 500 // UTF-16 code units

/** How long a call may take if it reports progress. A longer `toolTimeoutMs` counts instead. */
const maxToolDurationMs = 60 * 60_000

/** Executes the tool calls of one answer. */
export class ToolExecutor {
  readonly #options: ToolExecutorOptions
  readonly #source: Pick<ToolSource, 'findTool'>
  readonly #run: AgentRun
  /** Resolves when it is known of all earlier calls whether they are allowed. */
  #lookups: Promise<unknown> = Promise.resolve()

  constructor(options: ToolExecutorOptions, source: Pick<ToolSource, 'findTool'>, run: AgentRun) {
    this.#options = options
    this.#source = source
    this.#run = run
  }

  /**
   * Runs the tool calls of one step concurrently. For each call: yields `tool-call`, waits for approval if required,
   * waits until the event is committed, runs the tool, then yields `tool-result` or `tool-error`. Never throws. Calls
   * with a duplicate id are dropped after the first, because neither the log nor an approval could distinguish them.
   */
  execute(calls: readonly ToolCallRequest[]): AsyncGenerator<AgentEvent, void, void> {
    const distinct = calls.filter(({ callId }, index) => calls.findIndex((call) => call.callId === callId) === index)
    return mergeAsyncIterables(distinct.map((call) => this.#executeCall(call)))
  }

  async *#executeCall(call: ToolCallRequest): AsyncGenerator<AgentEvent, void, void> {
    const { callId, name, argumentsText } = call
    if (name === clarifyTool.name && this.#options.offersClarify) return yield* this.#askQuestion(call)
    const tool = await this.#findTool(name)
    const input = parseInput(argumentsText)
    if (typeof tool === 'string') return yield* refuseCall(call, tool)
    if (typeof input === 'string') return yield* refuseCall(call, input)
    const gate = await this.#createGate(tool, input)
    yield toCallEvent(call, gate)
    const permission = await this.#run.waitForPermission(callId)
    if (permission) yield* this.#runTool(tool, permission.changedArguments ?? input, callId)
  }

  /** Finds a tool, or returns a sentence that says why it cannot be called. */
  async #findTool(name: string): Promise<Tool | string> {
    const { toolTimeoutMs, log } = this.#options
    const timeoutSignal = AbortSignal.timeout(toolTimeoutMs)
    try {
      const signal = AbortSignal.any([this.#run.signal, timeoutSignal])
      return (await this.#source.findTool(name, signal)) ?? formatUnknownTool(name)
    } catch (error) {
      if (error instanceof ToolError) return error.message
      if (timeoutSignal.aborted)
        return `The tool was not available within ${toolTimeoutMs / 1000} seconds. Try again later.`
      if (!this.#run.signal.aborted) log.error({ err: error, tool: name }, 'Tool could not be looked up.')
      return 'The tool could not be looked up. Try again later.'
    }
  }

  /** The answer of the user is the result, which is written to the log elsewhere. */
  async *#askQuestion(call: ToolCallRequest): AsyncGenerator<AgentEvent, void, void> {
    const question = parseClarifyQuestion(call.argumentsText)
    if (question) {
      yield toCallEvent(call, { type: 'question', ...question, timeoutMs: this.#options.decisionTimeoutMs })
      await this.#run.waitForPermission(call.callId)
    } else {
      yield toCallEvent(call)
      yield toErrorEvent(call.callId, 'The question is missing. Use {"question": "…", "choices": ["…"]}.')
    }
  }

  async *#runTool(tool: Tool, input: JsonObject, callId: string): AsyncGenerator<AgentEvent, void, void> {
    const { toolTimeoutMs } = this.#options
    const maxTimeoutMs = Math.max(toolTimeoutMs, maxToolDurationMs)
    using timeout = new ExtendableTimeout({ timeoutMs: toolTimeoutMs, maxTimeoutMs })
    const signal = AbortSignal.any([this.#run.signal, timeout.signal])
    const blobHashes: string[] = []
    const storeFile: StoreFile = async (file) => {
      const stored = await this.#storeFile(file, tool)
      blobHashes.push(stored.hash)
      return stored
    }
    const context: ToolExecutionContext = {
      signal,
      storeFile,
      onProgress: () => timeout.extend(),
      askUser: (question) => timeout.hold(() => this.#run.askUser(callId, question, this.#options.decisionTimeoutMs)),
    }
    try {
      // A tool that ignores its signal is not waited for.
      const output = await rejectOnAbort(tool.execute(input, context), signal)
      const result = await this.#truncate(output, tool)
      yield result
        ? { type: 'tool-result', callId, ...result, ...(blobHashes.length > 0 && { blobHashes }) }
        : toErrorEvent(callId, notStoredMessage)
    } catch (error) {
      if (this.#run.signal.aborted) return
      yield timeout.signal.aborted ? this.#toTimeoutEvent(callId) : await this.#toFailureEvent(error, tool, callId)
    }
  }

  #toTimeoutEvent(callId: string): AgentEvent {
    const seconds = this.#options.toolTimeoutMs / 1000
    return toErrorEvent(
      callId,
      `The tool did not finish within ${seconds} seconds. It may or may not have taken effect.`,
    )
  }

  async #toFailureEvent(error: unknown, tool: Tool, callId: string): Promise<AgentEvent> {
    if (error instanceof ToolError) {
      const { result, ...file } = (await this.#truncate(error.message, tool)) ?? {
        result: 'The tool failed. Its error message could not be stored.',
      }
      return { ...toErrorEvent(callId, String(result)), ...file }
    }
    this.#options.log.error({ err: error, tool: tool.name }, 'Tool failed with an unexpected error.')
    return toErrorEvent(callId, 'The tool failed with an internal error.')
  }

  async #storeFile(file: ProducedFile, tool: Tool): Promise<StoredFile> {
    try {
      return await this.#options.storeFile(file)
    } catch (error) {
      this.#options.log.error({ err: error, tool: tool.name }, 'File of a tool result could not be stored.')
      throw new ToolError(notStoredMessage)
    }
  }

  /** Null if the complete result could not be stored. */
  #truncate(result: Json, tool: Tool): Promise<TruncatedToolResult | null> {
    const { maxResultLength, storeFile, log } = this.#options
    return truncateToolResult(result, maxResultLength, storeFile).catch((error: unknown) => {
      log.error({ err: error, tool: tool.name }, 'Tool result could not be stored.')
      return null
    })
  }

  async #createGate(tool: Tool, input: JsonObject): Promise<ToolCallPrecondition | null> {
    const { policy, decisionTimeoutMs } = this.#options
    const action = policy.findAction(tool, input)
    if (action === 'deny') return { type: 'denied', reason: 'The configuration denies this tool. It was not run.' }
    if (action === 'allow' || (await this.#isAllowed(tool, input))) return null
    const { inputSchema } = tool
    return { type: 'approval', description: describeToolCall(tool, input), inputSchema, timeoutMs: decisionTimeoutMs }
  }

  /** Calls are looked up concurrently, but approvals are requested in the order of the calls. */
  async #isAllowed({ name }: Tool, input: JsonObject): Promise<boolean> {
    const inOrder = Promise.all([this.#run.isCallAllowed(name, input), this.#lookups])
    this.#lookups = inOrder.catch(() => undefined)
    const [isAllowed] = await inOrder
    return isAllowed
  }
}

/** The error message of a call whose tool does not exist. */
export function formatUnknownTool(name: string): string {
  return `There is no tool named ${escapeInvisible(JSON.stringify(name))}.`
}

function toCallEvent(call: ToolCallRequest, gate: ToolCallPrecondition | null = null): AgentEvent {
  return { type: 'tool-call', ...call, ...(gate && { gate }) }
}

function toErrorEvent(callId: string, error: string) {
  return { type: 'tool-error', callId, error } as const
}

function* refuseCall(call: ToolCallRequest, error: string) {
  yield toCallEvent(call)
  yield toErrorEvent(call.callId, error)
}

/** The description of a call in an approval: what the tool is given, which need not be how the model wrote it. */
function describeToolCall({ name }: Tool, input: JsonObject): string {
  return truncate(escapeInvisible(`Run ${name} with ${stringifyJson(input)}`), maxDescriptionLength)
}

/** The arguments of a call, or a sentence that says why they are invalid. */
function parseInput(argumentsText: string): JsonObject | string {
  const value = parseToolArguments(argumentsText)
  if (!isJsonObject(value)) return 'The arguments must be a JSON object.'
  // On its way to a tool, it would get lost.
  return listPrototypeKeys(value).length > 0 ? `The key ${prototypeKey} is not allowed in arguments.` : value
}
