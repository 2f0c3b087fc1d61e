import { runCalls, type WholeCall } from '../../src/agent/tools/execute-tool-calls.ts'
import type { JsonObject, Tool, ToolSource } from '../../src/agent/tools/tool.ts'
import type { Toolbox } from '../../src/agent/tools/toolbox.ts'
import type { Answer } from './agent-chats.ts'

export interface ScriptedTool extends Tool {
  /** What it was run with, run by run. */
  readonly runs: JsonObject[]
}

/** A tool that asks before it runs and returns `done`, except for what a test tells. */
export function newTool({ run = async () => 'done', ...of }: Partial<Tool> = {}): ScriptedTool {
  const runs: JsonObject[] = []
  return {
    name: 'files__write',
    description: 'Writes a file.',
    inputSchema: { type: 'object' },
    readOnly: false,
    ...of,
    runs,
    run: (input, signal) => {
      runs.push(input)
      return run(input, signal)
    },
  }
}

export function sourceOf(...tools: readonly Tool[]): ToolSource {
  return { tools: async () => tools, close: async () => undefined }
}

/** A call whose id, unless told, is the tool's name. */
export function callOf(name: string, argumentsText = '{}', callId = name): WholeCall {
  return { callId, name, argumentsText }
}

/** An answer of which one step makes these calls, all at once, and the next one says `Done.` */
export function calling(toolbox: Toolbox, ...calls: readonly WholeCall[]): Answer {
  return async function* (run) {
    yield { type: 'step', estimatedInputTokens: 1 }
    for (const { argumentsText: text, ...call } of calls) yield { type: 'tool-input', ...call, text }
    yield* runCalls(calls, toolbox, run)
    if (run.signal.aborted) return
    await run.history()
    yield { type: 'text', block: 'end', text: 'Done.' }
  }
}
