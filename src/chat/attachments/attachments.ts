import { badInput, SegueError } from '../../lib/errors.ts'
import type { BlobStore } from '../../storage/blob-store.ts'
import { parseBlobUrl, toBlobUrl } from '../../model/blob-url.ts'
import type { MessagePart, MessageRecord } from '../../model/message.ts'
import { parseDataUrl, type DecodedFile, toDataUrl } from './data-url.ts'

/** A file that a client gives along with a message. */
export interface FileInput {
  readonly name: string | null
  readonly mediaType: string
  /** A data URL, or an https URL, which is passed on to the model as it is. */
  readonly url: string
}

type FilePart = Extract<MessagePart, { readonly type: 'file' }>

const maxFiles = 20
const maxCodeUnits = { name: 200, url: 8192 } // UTF-16 code units; of a URL that is no data URL
const maxBytes = { image: 10 * 1024 * 1024, text: 1024 * 1024 } // bytes
const imageMediaTypes = ['image/png', 'image/jpeg', 'image/gif', 'image/webp']
const textMediaTypePattern =
  /^(text\/[\w.+-]+|application\/(json|xml|yaml|toml|javascript|typescript|sql|[\w.+-]+\+(json|xml)))$/
const maxMediaTypeCodeUnits = 100 // UTF-16 code units, as of a name

/** Whether a file of this type is handed to a model as what is written in it. */
export function isTextMediaType(mediaType: string): boolean {
  return textMediaTypePattern.test(toMediaTypeEssence(mediaType))
}

/** A media type without its parameters: a text is UTF-8 here, whatever they say. */
function toMediaTypeEssence(mediaType: string): string {
  return mediaType.replace(/;.*$/s, '').trim().toLowerCase()
}

/** Throws BAD_USER_INPUT or TOO_LARGE for the first file that cannot go with a message. */
export function assertValidFiles(files: readonly FileInput[]): void {
  if (files.length > maxFiles) throw badInput(`A message has at most ${maxFiles} files.`, 'input', 'files')
  for (const [index, file] of files.entries()) assertValidFile(file, index)
}

function assertValidFile({ name, mediaType, url }: FileInput, index: number): void {
  const invalidFile = (message: string, field: keyof FileInput) => badInput(message, 'input', 'files', index, field)
  if (name !== null && (name.trim() === '' || name.length > maxCodeUnits.name || /[\p{Cc}/\\]/u.test(name))) {
    throw invalidFile(`A file's name has 1 to ${maxCodeUnits.name} characters, without slashes.`, 'name')
  }
  const type = toMediaTypeEssence(mediaType)
  const kind =
    type.length > maxMediaTypeCodeUnits
      ? null
      : imageMediaTypes.includes(type)
        ? 'image'
        : isTextMediaType(type)
          ? 'text'
          : null
  if (!kind) {
    const quotedMediaType = JSON.stringify(mediaType.slice(0, maxMediaTypeCodeUnits))
    throw invalidFile(
      `Files of the type ${quotedMediaType} cannot be sent: only ${imageMediaTypes.join(', ')}, and text.`,
      'mediaType',
    )
  }
  if (/^https:\/\//i.test(url)) {
    // What is no part of a URL would be lost on its way to a model, or not stored as it is.
    if (URL.canParse(url) && url.length <= maxCodeUnits.url && !/[\s\p{Cc}\p{Cs}]/u.test(url)) return
    throw invalidFile(`The address of a file is a URL of at most ${maxCodeUnits.url} characters.`, 'url')
  }
  const data = parseDataUrl(url)
  if (!data) throw invalidFile('A file comes as a data URL in base64 or percent-encoding, or as an https URL.', 'url')
  if (data.bytes.length > maxBytes[kind]) {
    const limit = `${maxBytes[kind] / 1024 / 1024} MiB`
    throw new SegueError('TOO_LARGE', `A file with ${kind === 'image' ? 'a picture' : 'text'} has at most ${limit}.`)
  }
  if (data.bytes.length === 0) throw invalidFile('The file is empty.', 'url')
  if (kind === 'text' && decodeUtf8(data) === null) throw invalidFile('A file with text is written in UTF-8.', 'url')
}

/** The file as a part of a message; its bytes are on disk when this resolves. */
export async function storeFile({ name, mediaType, url }: FileInput, store: BlobStore): Promise<FilePart> {
  return externalizeFile(
    { type: 'file', mediaType: toMediaTypeEssence(mediaType), name: name?.toWellFormed() ?? null, url },
    store,
  )
}

/** The same part, its bytes in a file of ours where they were in its URL. */
export async function externalizeFile<Part extends MessagePart>(part: Part, store: BlobStore): Promise<Part> {
  const data = part.type === 'file' ? parseDataUrl(part.url) : null
  return data ? { ...part, url: toBlobUrl(await store.put(data.bytes)) } : part
}

/** The same message, with the bytes of its files in their URLs: as a model is to be sent it. */
export async function inlineFiles(message: MessageRecord, store: BlobStore): Promise<MessageRecord> {
  if (!message.parts.some((part) => part.type === 'file' && parseBlobUrl(part.url))) return message
  const parts: MessagePart[] = []
  for (const part of message.parts) parts.push(part.type === 'file' ? await inlineFile(part, store) : part)
  return { ...message, parts }
}

async function inlineFile(part: FilePart, store: BlobStore): Promise<MessagePart> {
  const hash = parseBlobUrl(part.url)
  if (hash === null) return part
  const bytes = await store.get(hash)
  if (bytes) return { ...part, url: toDataUrl(part.mediaType, bytes) }
  return { type: 'text', text: `[The file ${part.name ?? part.mediaType} is not there any more.]` }
}

/** What is written in a file; null when it is no UTF-8. */
export function decodeUtf8({ bytes }: DecodedFile): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}
