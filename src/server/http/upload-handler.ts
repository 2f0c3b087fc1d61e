import type { IncomingMessage, ServerResponse } from 'node:http'
import type { GraphQLError } from 'graphql'
import { maxFileBytes } from '../../chat/attachments/validate-file-content.ts'
import { createShuttingDownError, type ErrorCode } from '../../lib/errors.ts'
import { filesPath } from '../../model/message-content/blob-url.ts'
import { parseProfileName } from '../../profiles/profile-name.ts'
import type { ProfileRegistry } from '../../services/profile-registry.ts'
import { ViewerProfiles } from '../../services/viewer-profiles.ts'
import type { UploadRecord } from '../../storage/uploads/upload-store.ts'
import { receiveUpload } from './files/receive-upload.ts'
import type { RequestHandler } from './router.ts'
import { sendJson } from './send-json.ts'

export interface UploadHandlerOptions {
  readonly profiles: ProfileRegistry
  /** The error that clients receive for any other. */
  readonly formatError: (error: unknown) => GraphQLError
}

/** A form has names and boundaries beside its file. */
const maxBodyBytes = Math.max(...Object.values(maxFileBytes)) + 65_536

const statusByCode: Readonly<Partial<Record<ErrorCode, number>>> = {
  BAD_USER_INPUT: 400,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  TOO_LARGE: 413,
  RATE_LIMITED: 429,
  STORAGE: 503,
  SHUTTING_DOWN: 503,
}

/**
 * Stores a file that messages can have: the body of the request, or the only file of a form (multipart/form-data). The
 * query may have `profile`, and `name`, the name of the file. Responds 201 with the file's URL, or with an error as in the
 * response of an operation.
 */
export function createUploadHandler({ profiles, formatError }: UploadHandlerOptions): RequestHandler {
  return async (request, response, { viewer }) => {
    try {
      if (profiles.refusesWork) throw createShuttingDownError()
      const query = readQuery(request)
      const profile = parseProfileName(query.get('profile'), 'profile')
      using lease = await new ViewerProfiles(profiles, viewer).acquire(profile)
      const { uploads, profile: storage } = lease.services
      const file = await receiveUpload(request, storage.blobs, maxBodyBytes)
      await using _ = file.content
      const upload = await uploads.store({ ...file, name: query.get('name') ?? file.name })
      sendUpload(response, upload)
    } catch (error) {
      // The client has gone.
      if (request.errored) return void response.destroy()
      const formatted = formatError(error)
      const { code } = formatted.extensions
      const [, status = 500] = Object.entries(statusByCode).find(([each]) => each === code) ?? []
      await discardRest(request)
      // What is left even then is not read.
      sendJson(response, status, { errors: [formatted] }, request.complete ? {} : { connection: 'close' })
    }
  }
}

/** Reads what a client is still sending: it would see a reset connection instead of the response. At most one more file. */
async function discardRest(request: IncomingMessage): Promise<void> {
  let size = 0
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      size += chunk.length
      if (size > maxBodyBytes) return
    }
  } catch {
    // The client has gone.
  }
}

function sendUpload(response: ServerResponse, { id, mediaType, name, size }: UploadRecord): void {
  const url = `${filesPath}/${id}`
  sendJson(response, 201, { url, mediaType, name, size }, { location: url })
}

function readQuery({ url = '/' }: IncomingMessage): URLSearchParams {
  return new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?')) : '')
}
