import { afterAll, expect, test } from 'vitest'
import { anthropicDialect } from '../../../../src/agent/providers/dialects/anthropic.ts'
import { DerivedFileCache } from '../../../../src/chat/context/files/derived-file-cache.ts'
import { ToolImageLoader } from '../../../../src/chat/context/files/tool-image-loader.ts'
import { FileConverter } from '../../../../src/lib/file-conversion/file-converter.ts'
import { readImageSize } from '../../../../src/lib/file-conversion/read-image-size.ts'
import { toBlobUrlPath } from '../../../../src/model/message-content/blob-url.ts'
import type { MessageRecord } from '../../../../src/model/message.ts'
import { createToolCall } from '../../../../src/model/tool-call.ts'
import { createImage } from '../../../support/files/images.ts'
import { newUserRecord } from '../../../support/fixtures/context-messages.ts'
import { MemoryBlobStore } from '../../../support/storage/memory-blob-store.ts'

const converter = new FileConverter()
afterAll(() => converter.close())

test('the images of tools become smaller in a request to Anthropic with more than 20 images, those of people included', async () => {
  const store = new MemoryBlobStore()
  const bytes = await createImage('png', { width: 2100, height: 40 })
  const hash = await store.put(bytes)
  const url = toBlobUrlPath(hash, 'image/png')
  const result = { content: [{ type: 'image', mediaType: 'image/png', name: 'a.png', size: bytes.length, url }] }
  const tool = { type: 'tool', call: { ...createToolCall('call', 'look'), result, resultBlobs: [hash] } } as const
  const file = { type: 'file', mediaType: 'image/png', name: null, url: 'https://example.org/a.png' } as const
  const loader = new ToolImageLoader(
    store,
    { placement: 'in-result', mediaTypes: ['image/png'], maxCount: 100 },
    { imageFitting: { derivedFiles: new DerivedFileCache(converter), limits: anthropicDialect.images } },
  )
  const findWidth = async (...parts: MessageRecord['parts']) => {
    const [data] = (await loader.load([newUserRecord('msg_1', '', { parts })])).dataByHash.values()
    return data instanceof Uint8Array ? readImageSize(data)?.width : undefined
  }
  const files = Array.from({ length: 19 }, () => file)
  expect(await findWidth(...files, tool)).toBe(2100)
  expect(await findWidth(...files, tool, tool)).toBe(2000)
  expect(await findWidth({ ...file, mediaType: 'text/plain' }, ...files, tool)).toBe(2100)
})
