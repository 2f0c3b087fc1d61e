import type { TextStreamPart, ToolSet } from 'ai'
import type { AgentEvent, AgentRun } from '../../agent.ts'
import { storeGeneratedFile } from './generated-file.ts'
import { type InlineThoughtMemory, type ModelStepResult, StreamPartMapper } from './stream-part-mapper.ts'

/**
 * Yields the events of one request, and returns what the step has produced. Throws the error that a part reports, or the
 * error of the connection, after all events before it. After an abort, the stream ends early without an error. `step`
 * makes the names of blocks unique within an answer. Files are stored with `storeFile`.
 */
export async function* mapStreamParts(
  parts: AsyncIterable<TextStreamPart<ToolSet>>,
  step: number,
  storeFile: AgentRun['storeFile'],
  thoughtMemory: InlineThoughtMemory,
): AsyncGenerator<AgentEvent, ModelStepResult> {
  const mapper = new StreamPartMapper(step, thoughtMemory)
  try {
    for await (const part of parts) {
      yield* mapper.map(part)
      if (part.type === 'file') yield await storeGeneratedFile(part, storeFile)
      if (mapper.failure) throw mapper.failure.error
    }
  } catch (error) {
    yield* mapper.flush()
    throw error
  }
  return mapper.result
}
