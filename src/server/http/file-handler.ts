import type { ServerResponse } from 'node:http'
import { parseDataUrl, type DecodedFile } from '../../chat/attachments/data-url.ts'
import type { ProfileServices } from '../../services/profile-services.ts'
import type { ProfileRegistry } from '../../services/profile-registry.ts'
import { filesPath } from '../../schema/chat/file-url.ts'
import { parseBlobUrl } from '../../model/blob-url.ts'

/** Serves what came with a message, and what a tool returned that is too large for the log. 404 for anything else. */
export async function handleFile(path: string, profiles: ProfileRegistry, response: ServerResponse): Promise<void> {
  const file = await findFile(await profiles.openAll(), path.slice(filesPath.length))
  if (!file) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such file.\n')
    return
  }
  response.writeHead(200, {
    'content-type': file.mediaType,
    'content-length': file.bytes.length,
    // It is somebody's upload: a browser may show a picture of it, and run nothing in it.
    'content-security-policy': "sandbox; default-src 'none'",
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, max-age=31536000, immutable',
  })
  response.end(file.bytes)
}

/** What has this name in one of the profiles that the caller may see. */
async function findFile(profiles: readonly ProfileServices[], name: string): Promise<DecodedFile | null> {
  for (const profile of profiles) {
    const file = (await readAttachment(name, profile)) ?? (await readToolResult(name, profile))
    if (file) return file
  }
  return null
}

async function readAttachment(name: string, { profile, chats }: ProfileServices): Promise<DecodedFile | null> {
  const [, id = '', index] = /^\/([^/]+)\/(0|[1-9]\d*)$/.exec(name) ?? []
  const messageId = decodePathSegment(id)
  const message = messageId ? await chats.messageQueries.findMessage(messageId) : null
  const part = message?.parts[Number(index)]
  if (part?.type !== 'file') return null
  const hash = parseBlobUrl(part.url)
  if (hash === null) return parseDataUrl(part.url)
  const bytes = await profile.blobs.get(hash)
  return bytes && { mediaType: part.mediaType, bytes }
}

async function readToolResult(name: string, { profile }: ProfileServices): Promise<DecodedFile | null> {
  const bytes = await profile.blobs.get(name.slice(1))
  return bytes && { mediaType: 'text/plain; charset=utf-8', bytes }
}

function decodePathSegment(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
