import { Readable } from 'node:stream'
import { parseServedFilePath, type ServedFileTarget } from '../../chat/attachments/parse-served-file-path.ts'
import { hasServedFile, openServedFile, type ServedFileProfile } from '../../chat/attachments/read-served-file.ts'
import type { ProfileRegistry } from '../../services/profile-registry.ts'
import type { ProfileServices } from '../../services/profile-services.ts'
import { ViewerProfiles } from '../../services/viewer-profiles.ts'
import { sendFile, type SendFileOptions } from './files/send-file.ts'
import { toContentType } from './files/text-charset.ts'
import { noSniffHeaders } from '../page-headers.ts'
import { readRequestPath, type RequestHandler } from './router.ts'

export interface FileHandlerOptions {
  readonly profiles: ProfileRegistry
  /** A client that accepts no byte for this long is disconnected. Called for each response. */
  readonly readSlowConsumerTimeoutMs: () => SendFileOptions['slowConsumerTimeoutMs']
}

/** Serves the attachments of messages, uploads, the files of tool results, and results that are too large for the log. Responds 404 to other paths. */
export function createFileHandler({ profiles, readSlowConsumerTimeoutMs }: FileHandlerOptions): RequestHandler {
  return async (request, response, { viewer }) => {
    const target = parseServedFilePath(readRequestPath(request))
    const profile = target && (await findProfile(target, await new ViewerProfiles(profiles, viewer).openAll()))
    await using file = profile ? await openServedFile(target, profile) : null
    if (!profile || !file) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('The file does not exist.\n')
      return
    }
    const contentType = await toContentType(file, async () => {
      const again = await openServedFile(target, profile)
      return again ? again.read(0, again.size - 1) : Readable.from([])
    })
    const options = {
      slowConsumerTimeoutMs: readSlowConsumerTimeoutMs(),
      isServed: () => hasServedFile(target, profile),
    }
    await sendFile(request, response, { ...file, headers: { ...fileHeaders, 'content-type': contentType } }, options)
  }
}

const fileHeaders = {
  // Anyone may have made this file: a browser may display it, but must not run scripts in it.
  'content-security-policy': "sandbox; default-src 'none'",
  ...noSniffHeaders,
  'cache-control': 'private, max-age=31536000, immutable',
}

/** The first profile that has the file. */
async function findProfile(
  target: ServedFileTarget,
  profiles: readonly ProfileServices[],
): Promise<ServedFileProfile | null> {
  for (const { profile, chats } of profiles) {
    const { blobs, uploads, eventStore: references } = profile
    const candidate: ServedFileProfile = {
      ...{ blobs, uploads, references },
      findMessage: (id) => chats.messageQueries.findMessage(id),
    }
    if (await hasServedFile(target, candidate)) return candidate
  }
  return null
}
