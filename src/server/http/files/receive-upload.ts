import type { IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { Busboy } from '@fastify/busboy'
import type { UploadedFile } from '../../../chat/attachments/upload-service.ts'
import { createBadInputError, SegueError } from '../../../lib/errors.ts'
import { turnScheduler } from '../../../lib/event-loop/turn-scheduler.ts'
import type { BlobStore } from '../../../storage/blob-store.ts'

/**
 * Writes the file of a request to disk while it comes: the body, or the only file of a form. Dispose of its content. Throws
 * BAD_USER_INPUT for a form without exactly one file, and TOO_LARGE for a body of more than `maxBytes`.
 */
export async function receiveUpload(
  request: IncomingMessage,
  blobs: Pick<BlobStore, 'receive'>,
  maxBytes: number,
): Promise<UploadedFile> {
  const contentType = request.headers['content-type'] ?? ''
  const body = limitBytes(request, maxBytes)
  if (/^multipart\/form-data\s*;/i.test(contentType)) return receiveForm(body, contentType, blobs)
  // What curl says of every body.
  const isUnknown = /^application\/x-www-form-urlencoded/i.test(contentType)
  return { name: null, mediaType: isUnknown ? '' : contentType, content: await blobs.receive(body) }
}

async function* limitBytes(request: IncomingMessage, maxBytes: number): AsyncGenerator<Uint8Array> {
  let size = 0
  // The connection must stay open when the loop ends early: it carries the error response.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > maxBytes) throw new SegueError('TOO_LARGE', 'The file is too large. Send at most 10 MiB.')
    // A form can have many thousand fields, and what comes fast comes at once.
    if (turnScheduler.mustWait()) await turnScheduler.wait()
    yield chunk
  }
}

async function receiveForm(
  body: AsyncIterable<Uint8Array>,
  contentType: string,
  blobs: Pick<BlobStore, 'receive'>,
): Promise<UploadedFile> {
  const files: Promise<UploadedFile>[] = []
  let failure: Error | null = null
  try {
    const parser = new Busboy({ headers: { 'content-type': contentType } })
    parser.on('file', (_, stream, name, __, mediaType) => {
      // The form may end early before anybody reads the file. An error without a listener would end the process.
      stream.on('error', () => stream.destroy(createFormError()))
      const received = files.length > 0 ? Promise.reject(createFormError()) : blobs.receive(stream)
      const file = received.then((content) => ({ name: name || null, mediaType, content }))
      // Handled at once: an error that nobody handles would end the process. The parser would wait for ever for a reader.
      file.catch((error: Error) => {
        failure ??= error
        parser.destroy()
      })
      files.push(file)
    })
    await pipeline(body, parser)
  } catch (error) {
    await discard(files)
    if (failure) throw failure
    throw error instanceof SegueError ? error : createFormError()
  }
  const [file] = files
  if (file && files.length === 1) return file
  await discard(files)
  throw createFormError()
}

async function discard(files: readonly Promise<UploadedFile>[]): Promise<void> {
  for (const result of await Promise.allSettled(files))
    if (result.status === 'fulfilled') await result.value.content[Symbol.asyncDispose]()
}

const createFormError = (): SegueError =>
  createBadInputError('The form does not have exactly one complete file. Send a single file, or the file as the body.')
