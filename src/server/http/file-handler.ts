import { isAscii, isUtf8 } from 'node:buffer'
import { parseServedFilePath, type ServedFileTarget } from '../../chat/attachments/parse-served-file-path.ts'
import { readServedFile, type ServedFile } from '../../chat/attachments/read-served-file.ts'
import type { ProfileRegistry } from '../../services/profile-registry.ts'
import type { ProfileServices } from '../../services/profile-services.ts'
import { readRequestPath, type RequestHandler } from './router.ts'

/** Serves the attachments of messages, uploads, the files of tool results, and results that are too large for the log. Responds 404 to other paths. */
export function createFileHandler(profiles: ProfileRegistry): RequestHandler {
  return async (request, response) => {
    const target = parseServedFilePath(readRequestPath(request))
    const file = target && (await findFile(target, await profiles.openAll()))
    if (!file) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('The file does not exist.\n')
      return
    }
    response.writeHead(200, {
      'content-type': toContentType(file),
      'content-length': file.bytes.length,
      // Anyone may have made this file: a browser may display it, but must not run scripts in it.
      'content-security-policy': "sandbox; default-src 'none'",
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, max-age=31536000, immutable',
    })
    response.end(file.bytes)
  }
}

/** Without a charset, browsers read a text as they guess. One in ASCII is read correctly by all guesses. */
function toContentType({ mediaType, bytes }: ServedFile): string {
  const needsCharset = /^text\/[^;]+$/.test(mediaType) && !isAscii(bytes) && isUtf8(bytes)
  return needsCharset ? `${mediaType}; charset=utf-8` : mediaType
}

/** The file in the first profile that has it. */
async function findFile(target: ServedFileTarget, profiles: readonly ProfileServices[]): Promise<ServedFile | null> {
  for (const { profile, chats } of profiles) {
    const findMessage = (id: string) => chats.messageQueries.findMessage(id)
    const file = await readServedFile(target, { blobs: profile.blobs, uploads: profile.uploads, findMessage })
    if (file) return file
  }
  return null
}
