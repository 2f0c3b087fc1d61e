import { badInput, SegueError } from '../../lib/errors.ts'
import type { FileStore } from '../../storage/filesystem/filesystem-blob-store.ts'
import { keptFile, keptFileUrl, type MessagePart, type MessageRecord } from '../../model/records.ts'
import { dataOf, type Data, dataUrl } from './data-url.ts'

/** A file that a client gives along with a message. */
export interface GivenFile {
  readonly name: string | null
  readonly mediaType: string
  /** A data URL, or an https URL, which is passed on to the model as it is. */
  readonly url: string
}

type FilePart = Extract<MessagePart, { readonly type: 'file' }>

const mostFiles = 20
const longest = { name: 200, url: 8192 } // UTF-16 code units; of a URL that is no data URL
const largest = { image: 10 * 1024 * 1024, text: 1024 * 1024 } // bytes
const images = ['image/png', 'image/jpeg', 'image/gif', 'image/webp']
const texts = /^(text\/[\w.+-]+|application\/(json|xml|yaml|toml|javascript|typescript|sql|[\w.+-]+\+(json|xml)))$/
const longestType = 100 // UTF-16 code units, as of a name

/** Whether a file of this type is handed to a model as what is written in it. */
export function isText(mediaType: string): boolean {
  return texts.test(essenceOf(mediaType))
}

/** A media type without its parameters: a text is UTF-8 here, whatever they say. */
function essenceOf(mediaType: string): string {
  return mediaType.replace(/;.*$/s, '').trim().toLowerCase()
}

/** Throws BAD_USER_INPUT or TOO_LARGE for the first file that cannot go with a message. */
export function checkFiles(files: readonly GivenFile[]): void {
  if (files.length > mostFiles) throw badInput(`A message has at most ${mostFiles} files.`, 'input', 'files')
  for (const [index, file] of files.entries()) check(file, index)
}

function check({ name, mediaType, url }: GivenFile, index: number): void {
  const fault = (message: string, field: keyof GivenFile) => badInput(message, 'input', 'files', index, field)
  if (name !== null && (name.trim() === '' || name.length > longest.name || /[\p{Cc}/\\]/u.test(name))) {
    throw fault(`A file's name has 1 to ${longest.name} characters, without slashes.`, 'name')
  }
  const type = essenceOf(mediaType)
  const kind = type.length > longestType ? null : images.includes(type) ? 'image' : isText(type) ? 'text' : null
  if (!kind) {
    const shown = JSON.stringify(mediaType.slice(0, longestType))
    throw fault(`Files of the type ${shown} cannot be sent: only ${images.join(', ')}, and text.`, 'mediaType')
  }
  if (/^https:\/\//i.test(url)) {
    // What is no part of a URL would be lost on its way to a model, or not stored as it is.
    if (URL.canParse(url) && url.length <= longest.url && !/[\s\p{Cc}\p{Cs}]/u.test(url)) return
    throw fault(`The address of a file is a URL of at most ${longest.url} characters.`, 'url')
  }
  const data = dataOf(url)
  if (!data) throw fault('A file comes as a data URL in base64 or percent-encoding, or as an https URL.', 'url')
  if (data.bytes.length > largest[kind]) {
    const limit = `${largest[kind] / 1024 / 1024} MiB`
    throw new SegueError('TOO_LARGE', `A file with ${kind === 'image' ? 'a picture' : 'text'} has at most ${limit}.`)
  }
  if (data.bytes.length === 0) throw fault('The file is empty.', 'url')
  if (kind === 'text' && asText(data) === null) throw fault('A file with text is written in UTF-8.', 'url')
}

/** The file as a part of a message; its bytes are on disk when this resolves. */
export async function attached({ name, mediaType, url }: GivenFile, store: FileStore): Promise<FilePart> {
  return kept({ type: 'file', mediaType: essenceOf(mediaType), name: name?.toWellFormed() ?? null, url }, store)
}

/** The same part, its bytes in a file of ours where they were in its URL. */
export async function kept<Part extends MessagePart>(part: Part, store: FileStore): Promise<Part> {
  const data = part.type === 'file' ? dataOf(part.url) : null
  return data ? { ...part, url: keptFileUrl(await store.keep(data.bytes)) } : part
}

/** The same message, with the bytes of its files in their URLs: as a model is to be sent it. */
export async function withBytes(message: MessageRecord, store: FileStore): Promise<MessageRecord> {
  if (!message.parts.some((part) => part.type === 'file' && keptFile(part.url))) return message
  const parts: MessagePart[] = []
  for (const part of message.parts) parts.push(part.type === 'file' ? await loaded(part, store) : part)
  return { ...message, parts }
}

async function loaded(part: FilePart, store: FileStore): Promise<MessagePart> {
  const hash = keptFile(part.url)
  if (hash === null) return part
  const bytes = await store.read(hash)
  if (bytes) return { ...part, url: dataUrl(part.mediaType, bytes) }
  return { type: 'text', text: `[The file ${part.name ?? part.mediaType} is not there any more.]` }
}

/** What is written in a file; null when it is no UTF-8. */
export function asText({ bytes }: Data): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}
