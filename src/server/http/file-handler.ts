import { type DecodedDataUrl, parseDataUrl } from '../../chat/attachments/data-url.ts'
import { parseBlobUrl } from '../../model/blob-url.ts'
import type { ProfileRegistry } from '../../services/profile-registry.ts'
import type { ProfileServices } from '../../services/profile-services.ts'
import { type FileRequestTarget, parseFileRequestPath } from './parse-file-request-path.ts'
import { readRequestPath, type RequestHandler } from './router.ts'

/** Serves the attachments of messages, the files of tool results, and results that are too large for the log. Responds 404 to other paths. */
export function createFileHandler(profiles: ProfileRegistry): RequestHandler {
  return async (request, response) => {
    const reference = parseFileRequestPath(readRequestPath(request))
    const file = reference && (await findFile(reference, await profiles.openAll()))
    if (!file) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('The file does not exist.\n')
      return
    }
    response.writeHead(200, {
      'content-type': file.mediaType,
      'content-length': file.bytes.length,
      // Anyone may have made this file: a browser may display it, but must not run scripts in it.
      'content-security-policy': "sandbox; default-src 'none'",
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, max-age=31536000, immutable',
    })
    response.end(file.bytes)
  }
}

/** The file in the first profile that has it. */
async function findFile(
  reference: FileRequestTarget,
  profiles: readonly ProfileServices[],
): Promise<DecodedDataUrl | null> {
  for (const profile of profiles) {
    const file = await (reference.type === 'attachment'
      ? readAttachment(reference, profile)
      : readToolResult(reference, profile))
    if (file) return file
  }
  return null
}

async function readAttachment(
  { messageId, partIndex }: Extract<FileRequestTarget, { type: 'attachment' }>,
  { profile, chats }: ProfileServices,
): Promise<DecodedDataUrl | null> {
  const message = await chats.messageQueries.findMessage(messageId)
  const part = message?.parts[partIndex]
  if (part?.type !== 'file') return null
  const hash = parseBlobUrl(part.url)
  if (hash === null) return parseDataUrl(part.url)
  const bytes = await profile.blobs.get(hash)
  return bytes && { mediaType: part.mediaType, bytes }
}

async function readToolResult(
  { hash, mediaType }: Extract<FileRequestTarget, { type: 'toolResult' }>,
  { profile }: ProfileServices,
): Promise<DecodedDataUrl | null> {
  const bytes = await profile.blobs.get(hash)
  return bytes && { mediaType: mediaType ?? 'text/plain; charset=utf-8', bytes }
}
