import type { ServerResponse } from 'node:http'
import { dataOf, type Data } from '../../chat/attachments/data-url.ts'
import type { Domain } from '../../services/profile-services.ts'
import type { Domains } from '../../services/profile-registry.ts'
import { filesPath } from '../../schema/chat/file-url.ts'
import { keptFile } from '../../model/records.ts'

/** Serves what came with a message, and what a tool returned that is too large for the log. 404 for anything else. */
export async function serveFile(path: string, domains: Domains, response: ServerResponse): Promise<void> {
  const file = await fileIn(await domains.all(), path.slice(filesPath.length))
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
async function fileIn(domains: readonly Domain[], name: string): Promise<Data | null> {
  for (const domain of domains) {
    const file = (await attachment(name, domain)) ?? (await keptText(name, domain))
    if (file) return file
  }
  return null
}

async function attachment(name: string, { profile, chats }: Domain): Promise<Data | null> {
  const [, id = '', index] = /^\/([^/]+)\/(0|[1-9]\d*)$/.exec(name) ?? []
  const messageId = decoded(id)
  const message = messageId ? await chats.transcripts.message(messageId) : null
  const part = message?.parts[Number(index)]
  if (part?.type !== 'file') return null
  const hash = keptFile(part.url)
  if (hash === null) return dataOf(part.url)
  const bytes = await profile.files.read(hash)
  return bytes && { mediaType: part.mediaType, bytes }
}

async function keptText(name: string, { profile }: Domain): Promise<Data | null> {
  const bytes = await profile.files.read(name.slice(1))
  return bytes && { mediaType: 'text/plain; charset=utf-8', bytes }
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
