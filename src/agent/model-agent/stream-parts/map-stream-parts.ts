import { AgentError, type AgentEvent, type AgentRun } from '../../agent.ts'
import type { ResponsePart } from '../../providers/responses/sdk-types.ts'
import { storeGeneratedFile } from './generated-file.ts'
import { joinDeltas } from './join-deltas.ts'
import { type ModelStepResult, StreamPartMapper, type StreamPartMapperOptions } from './stream-part-mapper.ts'

export interface StreamPartsOptions extends StreamPartMapperOptions {
  /** Files are stored with it, and it says when more of the response is read. */
  readonly run: Pick<AgentRun, 'storeFile' | 'waitUntilCommitIsDue'>
  /** Called with each event, before it is yielded. */
  readonly onEvent: (event: AgentEvent) => void
}

/**
 * Yields the events of one request, and returns what the step has produced. Throws the error that a part reports, or the
 * error of the connection, after all events before it.
 */
export async function* mapStreamParts(
  batches: AsyncIterable<readonly ResponsePart[]>,
  options: StreamPartsOptions,
): AsyncGenerator<AgentEvent, ModelStepResult> {
  const mapper = new StreamPartMapper(options)
  const report = (event: AgentEvent): AgentEvent => {
    options.onEvent(event)
    return event
  }
  try {
    for await (const parts of batches) {
      for (const part of joinDeltas(parts)) {
        for (const event of mapper.map(part)) yield report(event)
        if (part.type === 'file') yield report(await storeGeneratedFile(part, options.run.storeFile))
        if (mapper.failure) throw mapper.failure.error
      }
      await options.run.waitUntilCommitIsDue?.()
    }
  } catch (error) {
    for (const event of mapper.flush()) yield report(event)
    throw error
  }
  if (mapper.hasFinished) return mapper.result
  throw new AgentError('PROVIDER', 'The provider ended its answer before it was complete. Try again.')
}
