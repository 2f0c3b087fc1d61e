import type { ServerResponse } from 'node:http'
import type { Domain } from '../schema/context.ts'
import { filesPath } from '../schema/file-url.ts'

/** Serves what came with a message as a data URL. Answers 404 for anything else. */
export async function serveFile(path: string, { chats }: Domain, response: ServerResponse): Promise<void> {
  const [, id = '', index] = /^\/([^/]+)\/(0|[1-9]\d*)$/.exec(path.slice(filesPath.length)) ?? []
  const messageId = decoded(id)
  const message = messageId ? await chats.message(messageId) : null
  const part = message?.parts[Number(index)]
  const file = part?.type === 'file' ? dataOf(part.url) : null
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

function dataOf(url: string): { mediaType: string; bytes: Buffer } | null {
  const parts = /^data:(?<type>[\w.+-]+\/[\w.+-]+)?(?:;[\w=.+-]+)*?(?<base64>;base64)?,(?<data>.*)$/is.exec(url)?.groups
  const data = parts?.['data']
  if (data === undefined) return null
  const bytes = parts?.['base64'] ? Buffer.from(data, 'base64') : Buffer.from(decoded(data) ?? '')
  return { mediaType: parts?.['type'] ?? 'text/plain', bytes }
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
