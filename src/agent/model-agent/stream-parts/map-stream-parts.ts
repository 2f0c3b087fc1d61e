import { AgentError, type AgentEvent, type AgentRun } from '../../agent.ts'
import type { ResponsePart } from '../../providers/responses/sdk-types.ts'
import { storeGeneratedFile } from './generated-file.ts'
import { type ModelStepResult, StreamPartMapper, type StreamPartMapperOptions } from './stream-part-mapper.ts'

/**
 * Yields the events of one request, and returns what the step has produced. Throws the error that a part reports, or the
 * error of the connection, after all events before it. Files are stored with `storeFile`.
 */
export async function* mapStreamParts(
  batches: AsyncIterable<readonly ResponsePart[]>,
  storeFile: AgentRun['storeFile'],
  options: StreamPartMapperOptions,
): AsyncGenerator<AgentEvent, ModelStepResult> {
  const mapper = new StreamPartMapper(options)
  try {
    for await (const parts of batches) {
      for (const part of parts) {
        yield* mapper.map(part)
        if (part.type === 'file') yield await storeGeneratedFile(part, storeFile)
        if (mapper.failure) throw mapper.failure.error
      }
    }
  } catch (error) {
    yield* mapper.flush()
    throw error
  }
  if (mapper.hasFinished) return mapper.result
  throw new AgentError('PROVIDER', 'The provider ended its answer before it was complete. Try again.')
}
