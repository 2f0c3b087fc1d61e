import type { TextStreamPart, ToolSet } from 'ai'
import { z } from 'zod'
import { correctMediaType } from '../../../lib/detect-image-media-type.ts'
import { toBlobUrl } from '../../../model/message-content/blob-url.ts'
import { AgentError, type AgentEvent, type AgentRun } from '../../agent.ts'
import { generatedFileUrlMetadataKey } from '../../providers/responses/generated-image-middleware.ts'

type FileStreamPart = Extract<TextStreamPart<ToolSet>, { readonly type: 'file' }>

const urlMetadataSchema = z.object({ [generatedFileUrlMetadataKey]: z.object({ url: z.string() }) })

/** Stores a file that the model has generated, and returns its event. Throws an AgentError if it cannot be stored. */
export async function storeGeneratedFile(
  { file, providerMetadata }: FileStreamPart,
  storeFile: AgentRun['storeFile'],
): Promise<AgentEvent> {
  const { data: remote } = urlMetadataSchema.safeParse(providerMetadata)
  if (remote)
    return { type: 'file', mediaType: file.mediaType, name: null, url: remote[generatedFileUrlMetadataKey].url }
  const bytes = Buffer.from(file.uint8Array)
  const mediaType = correctMediaType(bytes, file.mediaType.toLowerCase())
  try {
    const stored = await storeFile({ bytes, mediaType, name: null })
    return { type: 'file', mediaType: stored.mediaType, name: null, url: toBlobUrl(stored.hash) }
  } catch (error) {
    throw new AgentError('PROVIDER', 'A file that the model made could not be stored.', { cause: error })
  }
}
