import { describe, expect, test } from 'vitest'
import { inlineFiles } from '../../../../src/chat/attachments/attachments.ts'
import { MessageFileStore } from '../../../../src/chat/attachments/message-file-store.ts'
import { decodeUtf8 } from '../../../../src/chat/attachments/data-url.ts'
import { MemoryBlobStore } from '../../../support/storage/memory-blob-store.ts'
import { assertValidMessageFiles, type FileInput } from '../../../../src/chat/attachments/validate-message-files.ts'
import { isTextMediaType } from '../../../../src/chat/attachments/media-type.ts'
import { parseDataUrl, toDataUrl } from '../../../../src/chat/attachments/data-url.ts'
import { FileConverter } from '../../../../src/lib/file-conversion/file-converter.ts'
import { SegueError } from '../../../../src/lib/errors.ts'
import type { BlobStore } from '../../../../src/storage/blob-store.ts'
import { parseBlobUrl } from '../../../../src/model/message-content/blob-url.ts'
import type { MessageRecord } from '../../../../src/model/message.ts'

const base64 = (bytes: string | Buffer) => Buffer.from(bytes).toString('base64')
const file = (of: Partial<FileInput> = {}): FileInput => ({
  name: 'a.txt',
  mediaType: 'text/plain',
  url: `data:text/plain;base64,${base64('Hi')}`,
  ...of,
})
const png = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
const ofSize = (mediaType: string, bytes: number): FileInput => {
  const content = Buffer.alloc(bytes, 'a')
  if (mediaType === 'image/png') png.copy(content)
  return file({ mediaType, url: `data:${mediaType};base64,${base64(content)}` })
}

/** The part of a message that a file becomes. */
async function storeFile(input: FileInput, blobs: BlobStore) {
  const fileStore = new MessageFileStore({
    blobs,
    references: { findUnreferencedBlobs: async () => [] },
    uploads: { find: async () => null },
    findMessage: async () => null,
    converter: new FileConverter(),
  })
  const [part] = await fileStore.storeAll([input], ['input', 'files'])
  if (!part) throw new Error('There is no part.')
  return part
}

/** The code and the path of the error for these files; null if they are valid. */
function refusal(...files: FileInput[]): { code: string; path: unknown } | null {
  try {
    assertValidMessageFiles(files, 'input', 'files')
    return null
  } catch (error) {
    if (!(error instanceof SegueError)) throw error
    return { code: error.code, path: error.details['path'] }
  }
}

const wrong = (...path: (string | number)[]) => ({ code: 'BAD_USER_INPUT', path: ['input', 'files', ...path] })

describe('valid files', () => {
  test.each([
    ...['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'IMAGE/PNG', ' image/png '],
    ...['text/plain', 'text/markdown', 'text/x-c++src', 'text/plain; charset=utf-8', 'Text/HTML;charset=UTF-8'],
    ...['application/json', 'application/ld+json', 'application/atom+xml', 'application/yaml', 'application/sql'],
  ])('can have the type %s', (mediaType) => {
    const image = base64(png)
    expect(
      refusal(/image/i.test(mediaType) ? file({ mediaType, url: `data:;base64,${image}` }) : file({ mediaType })),
    ).toBeNull()
  })

  test.each([
    ['no name', { name: null }],
    ['a name with spaces and signs', { name: 'Überweisung (2) – final.txt' }],
    ['a name of 200 characters', { name: 'a'.repeat(200) }],
    ['an https URL', { mediaType: 'image/png', url: 'https://example.com/a.png?b=c#d' }],
    ['an https URL in capitals', { url: 'HTTPS://example.com/a.txt' }],
    ['an https URL of 8,192 characters', { url: `https://example.com/${'a'.repeat(8172)}` }],
    ['a data URL in percent-encoding', { url: 'data:,Hello%2C%20W%C3%B6rld' }],
    ['a data URL with parameters', { url: 'data:text/plain;charset=utf-8;name=a;base64,SGk=' }],
    ['a data URL whose base64 is that of URLs', { url: 'data:text/plain;base64,PDw_Pz4-' }],
    ['a data URL whose base64 is encoded once more', { url: 'data:text/plain;base64,SGk%3D' }],
    ['base64 in lines', { url: 'data:text/plain;base64,SG\r\nk=\n' }],
    ['a data URL without padding', { url: 'data:text/plain;base64,SGk' }],
  ])('can have %s', (_, of) => {
    expect(refusal(file(of))).toBeNull()
  })

  test('can have the maximum size', () => {
    expect(refusal(ofSize('image/png', 10 * 1024 * 1024), ofSize('text/plain', 1024 * 1024))).toBeNull()
  })

  test('can be 20', () => {
    expect(refusal(...Array.from({ length: 20 }, () => file()))).toBeNull()
  })
})

describe('the type of a stored file', () => {
  const blobs: BlobStore = {
    put: () => Promise.resolve('a'.repeat(64)),
    get: () => Promise.resolve(null),
    open: () => Promise.resolve(null),
    receive: () => Promise.reject(new Error('Not implemented.')),
    deleteUnreferenced: () => Promise.reject(new Error('Not implemented.')),
    collectGarbage: () => Promise.reject(new Error('Not implemented.')),
  }
  const typeOf = async (mediaType: string, bytes: string | Buffer) => {
    const input = file({ mediaType, url: `data:${mediaType};base64,${base64(bytes)}` })
    expect(refusal(input)).toBeNull()
    return (await storeFile(input, blobs)).mediaType
  }

  test.each([
    ['image/png', '\x89PNG\r\n\x1a\n'],
    ['image/jpeg', '\xff\xd8\xff\xe0'],
    ['image/gif', 'GIF89a'],
    ['image/webp', 'RIFF\0\0\0\0WEBP'],
  ])('is %s if the bytes are', async (type, start) => {
    for (const label of [type, 'image/jpg', 'image/png', '', 'application/octet-stream', 'text/plain']) {
      expect(await typeOf(label, Buffer.from(start, 'latin1'))).toBe(type)
    }
  })

  test.each(['', 'video/mp2t', 'application/x-yaml', 'application/x-sh', 'application/vnd.ms-excel', 'audio/x-mod'])(
    'is text/plain if the bytes are text under the label %j',
    async (label) => {
      expect(await typeOf(label, 'export const ä = 1\n')).toBe('text/plain')
    },
  )

  test.each([
    ['UTF-8', Buffer.from('Größe – 5 €')],
    ['UTF-8 with a BOM', Buffer.from('\ufeffGröße – 5 €')],
    ['UTF-16LE with a BOM', Buffer.from('\ufeffGröße – 5 €', 'utf16le')],
    ['UTF-16BE with a BOM', Buffer.from('\ufeffGröße – 5 €', 'utf16le').swap16()],
    ['UTF-16LE without a BOM', Buffer.from('Größe – 5 €', 'utf16le')],
    ['UTF-16BE without a BOM', Buffer.from('Größe – 5 €', 'utf16le').swap16()],
    ['windows-1252', Buffer.from('Gr\xf6\xdfe \x96 5 \x80', 'latin1')],
  ])('is text in UTF-8, whose encoding was %s', async (_, bytes) => {
    const store = new MemoryBlobStore()
    for (const mediaType of ['text/csv', 'application/vnd.ms-excel', '']) {
      const part = await storeFile(file({ mediaType, url: `data:;base64,${base64(bytes)}` }), store)
      const stored = parseBlobUrl(part.url)
      expect(new TextDecoder().decode((await store.get(stored ?? '')) ?? undefined)).toBe('Größe – 5 €')
    }
  })

  test('is the label if that is a type of text', async () => {
    expect(await typeOf('text/csv', 'a;b')).toBe('text/csv')
  })
})

describe('a file is rejected', () => {
  test.each<[string, Partial<FileInput>, keyof FileInput]>([
    ['as a PDF', { mediaType: 'application/pdf' }, 'url'],
    ['as an SVG, which models do not accept', { mediaType: 'image/svg+xml' }, 'mediaType'],
    ['with a wildcard type', { mediaType: 'image/*' }, 'mediaType'],
    [
      'as an unsupported image with a supported type in its parameters',
      { mediaType: 'image/bmp;a=image/png' },
      'mediaType',
    ],
    ['with an empty type, if it is binary', { mediaType: '', url: 'data:;base64,AAEC' }, 'mediaType'],
    ['as a video, if it is binary', { mediaType: 'video/mp2t', url: 'data:;base64,R0AREAA=' }, 'mediaType'],
    ['with an empty type and an https URL', { mediaType: '', url: 'https://example.com/a' }, 'mediaType'],
    ['with a line break in its type', { mediaType: 'text/plain\r\nset-cookie: a=b' }, 'mediaType'],
    ['with a lone surrogate in its type', { mediaType: 'text/\ud800' }, 'mediaType'],
    ['with two types', { mediaType: 'text/plain, text/html' }, 'mediaType'],
    ['with a type of 205 characters', { mediaType: `text/${'a'.repeat(200)}` }, 'mediaType'],
    ['with an empty name', { name: '' }, 'name'],
    ['with a blank name', { name: ' \t' }, 'name'],
    ['with a name of 201 characters', { name: 'a'.repeat(201) }, 'name'],
    ['with a path as its name', { name: '../a' }, 'name'],
    ['with a Windows path as its name', { name: 'a\\b' }, 'name'],
    ['with a line break in its name', { name: 'a\nb' }, 'name'],
    ['with a NUL in its name', { name: 'a\0' }, 'name'],
    ['with an http URL', { url: 'http://example.com/a.txt' }, 'url'],
    ['with a path on the server', { url: 'file:///etc/passwd' }, 'url'],
    ['with the URL of a stored file', { url: `file:${'a'.repeat(64)}` }, 'url'],
    ['with an invalid https URL', { url: 'https://' }, 'url'],
    ['with an empty URL', { url: '' }, 'url'],
    ['with an https URL of 8,193 characters', { url: `https://example.com/${'a'.repeat(8173)}` }, 'url'],
    ['with an incomplete data URL', { url: 'data:text/plain;base64' }, 'url'],
    ['with invalid base64', { url: 'data:text/plain;base64,S!k=' }, 'url'],
    ['with a space in its base64', { url: 'data:text/plain;base64,SG k' }, 'url'],
    ['with two ends in its base64', { url: 'data:text/plain;base64,SGk=SGk=' }, 'url'],
    ['with too much padding in its base64', { url: 'data:text/plain;base64,SGk===' }, 'url'],
    ['with truncated base64', { url: 'data:text/plain;base64,SGkab' }, 'url'],
    ['with invalid percent-encoding', { url: 'data:text/plain,%zz' }, 'url'],
    ['with a data URL whose header is too long', { url: `data:text/plain;a=${'b'.repeat(2000)},x` }, 'url'],
    ['without content', { url: 'data:text/plain;base64,' }, 'url'],
    ['as text that is binary', { url: `data:text/plain;base64,${base64(Buffer.from([0x41, 0, 0xff]))}` }, 'url'],
    ['as a PNG that is HTML', { mediaType: 'image/png', url: 'data:image/png,<html>404</html>' }, 'url'],
    ['as text that ends within a UTF-8 sequence', { url: 'data:text/plain,a%C3' }, 'url'],
  ])('%s', (_, of, field) => {
    expect(refusal(file(), file(of))).toEqual(wrong(1, field))
  })

  test('if it is the 21st', () => {
    expect(refusal(...Array.from({ length: 21 }, () => file()))).toEqual(wrong())
  })

  test.each([
    ['image/png', 10 * 1024 * 1024 + 1],
    ['text/plain', 1024 * 1024 + 1],
  ])('with TOO_LARGE if its type is %s and it has one byte too many', (mediaType, bytes) => {
    expect(refusal(ofSize(mediaType, bytes))).toMatchObject({ code: 'TOO_LARGE' })
  })

  test('with at most 100 characters of its type in the message', () => {
    const mediaType = `video/${'x'.repeat(100_000)}`
    expect(() => assertValidMessageFiles([file({ mediaType })], 'input', 'files')).toThrow(
      expect.toSatisfy((error: Error) => error.message.length < 400),
    )
  })
})

describe('a data URL', () => {
  test.each<[string, string, string | Buffer]>([
    ['data:,a', 'text/plain', 'a'],
    ['data:;base64,SGk=', 'text/plain', 'Hi'],
    ['data:text/plain;charset=utf-8,a%20b', 'text/plain', 'a b'],
    ['DATA:image/png;BASE64,/+8', 'image/png', Buffer.from([0xff, 0xef])],
    ['data:text/plain,a,b;base64,c', 'text/plain', 'a,b;base64,c'],
  ])('%s is parsed', (url, mediaType, bytes) => {
    expect(parseDataUrl(url)).toEqual({ mediaType, bytes: Buffer.from(bytes) })
  })

  test('is invalid if its base64 has one character too many, or a wrong one, anywhere', () => {
    for (const valid of ['QUJD', 'QUJDRA', 'QUJDRA==', 'QUJDREU=']) {
      expect(parseDataUrl(`data:,${valid}`.replace(',', ';base64,'))).not.toBeNull()
      for (let at = 0; at < valid.length; at += 1) {
        for (const sign of ['!', ' ', '\t', 'ü', '\0']) {
          expect(parseDataUrl(`data:;base64,${valid.slice(0, at)}${sign}${valid.slice(at + 1)}`), valid).toBeNull()
          expect(parseDataUrl(`data:;base64,${valid.slice(0, at)}${sign}${valid.slice(at)}`), valid).toBeNull()
        }
      }
    }
  })

  test('parses to the bytes that it was created from', () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    expect(parseDataUrl(toDataUrl('image/png', bytes))).toEqual({ mediaType: 'image/png', bytes })
  })
})

test('whether a file is text depends on its type without parameters', () => {
  expect(
    ['text/plain; charset=utf-8', 'APPLICATION/JSON', 'image/svg+xml', 'application/pdf', 'text/'].map(isTextMediaType),
  ).toEqual([true, true, false, false, false])
  expect(decodeUtf8({ mediaType: 'text/plain', bytes: Buffer.from('\ufeffü') })).toBe('ü')
})

describe('a part of a message', () => {
  const message = (...parts: MessageRecord['parts']): MessageRecord => ({
    ...{ id: 'm', sessionId: 's', position: 2, withdrawn: false, role: 'USER', status: 'COMPLETE', parts },
    ...{ createdAt: 0, streamId: null, model: null, usage: null },
  })

  test('refers to its stored bytes, and has them inlined for a model', async () => {
    const store = new MemoryBlobStore()
    const part = await storeFile(file({ mediaType: 'Text/Plain; charset="a,b"' }), store)
    const [hash] = store.files.keys()
    expect(part).toEqual({ type: 'file', mediaType: 'text/plain', name: 'a.txt', url: `file:${hash}` })
    const [inlined] = (await inlineFiles(message(part), store)).parts
    expect(inlined).toEqual({ ...part, url: `data:text/plain;base64,${base64('Hi')}` })
  })

  test('with an https URL stays as it is, and nothing is stored', async () => {
    const store = new MemoryBlobStore()
    const input = file({ mediaType: 'image/png', name: null, url: 'https://example.com/a.png' })
    const part = await storeFile(input, store)
    expect(part).toEqual({ type: 'file', ...input })
    expect((await inlineFiles(message(part), store)).parts).toEqual([part])
    expect(store.files.size).toBe(0)
  })

  test('whose bytes are missing is replaced with a note', async () => {
    const part = { type: 'file', mediaType: 'image/png', name: 'a.png', url: `file:${'0'.repeat(64)}` } as const
    expect((await inlineFiles(message(part), new MemoryBlobStore())).parts).toEqual([
      { type: 'text', text: '[The file a.png is no longer available.]' },
    ])
  })
})
