import { correctMediaType } from '../../../lib/detect-image-media-type.ts'
import { toBlobUrl } from '../../../model/message-content/blob-url.ts'
import { AgentError, type AgentEvent, type AgentRun } from '../../agent.ts'
import type { ResponsePart } from '../../providers/responses/sdk-types.ts'

/** Stores a file that the model has generated, and returns its event. Throws an AgentError if it cannot be stored. */
export async function storeGeneratedFile(
  part: Extract<ResponsePart, { readonly type: 'file' }>,
  storeFile: AgentRun['storeFile'],
): Promise<AgentEvent> {
  if (part.data.type === 'url') {
    const { url, originalUrl = url.href } = part.data
    return { type: 'file', mediaType: part.mediaType, name: null, url: originalUrl }
  }
  const { data } = part.data
  const bytes = typeof data === 'string' ? Buffer.from(data, 'base64') : Buffer.from(data)
  const mediaType = correctMediaType(bytes, part.mediaType.toLowerCase())
  try {
    const stored = await storeFile({ bytes, mediaType, name: null })
    return { type: 'file', mediaType: stored.mediaType, name: null, url: toBlobUrl(stored.hash) }
  } catch (error) {
    throw new AgentError('PROVIDER', 'A file that the model made could not be stored.', { cause: error })
  }
}
