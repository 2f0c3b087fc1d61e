import { describe, expect, test } from 'vitest'
import { noOmissions } from '../../../../src/agent/content-omissions.ts'
import { createFileKey } from '../../../../src/agent/create-file-key.ts'
import { omitMessageFiles } from '../../../../src/chat/context/files/omit-message-files.ts'
import { toBlobUrl } from '../../../../src/model/message-content/blob-url.ts'
import type { MessagePart, MessageRecord } from '../../../../src/model/message.ts'
import { newStream, newUserMessage } from '../../../support/fixtures/generators.ts'

const file = (name: string, mediaType = 'image/png', url = `https://a.example/${name}`): MessagePart => ({
  type: 'file',
  mediaType,
  name,
  url,
})
const message = (...parts: MessagePart[]): MessageRecord => ({ ...newUserMessage(newStream()), parts })

/** What stands for each part: the name of a file, or the text. */
const describeParts = (messages: readonly MessageRecord[]): string[] =>
  messages.flatMap(({ parts }) =>
    parts.flatMap((part) => (part.type === 'file' ? (part.name ?? '') : part.type === 'text' ? part.text : [])),
  )

describe('files that a request leaves out', () => {
  const photo = message({ type: 'text', text: 'Look.' }, file('cat.png'))
  const documents = message(file('a.pdf', 'application/pdf'), file('b.txt', 'text/plain'))

  test('are none by default: the messages are the same objects', () => {
    const messages = [photo, documents]
    for (const [index, kept] of omitMessageFiles(messages, noOmissions).entries()) expect(kept).toBe(messages[index])
  })

  test('are images, which leaves other files and texts', () => {
    expect(describeParts(omitMessageFiles([photo, documents], { ...noOmissions, images: true }))).toEqual([
      'Look.',
      '\n[Image cat.png: left out, because the model does not accept images.]',
      'a.pdf',
      'b.txt',
    ])
  })

  test('are other files, but never texts, whose content is text', () => {
    expect(describeParts(omitMessageFiles([photo, documents], { ...noOmissions, otherFiles: true }))).toEqual([
      'Look.',
      'cat.png',
      '\n[File a.pdf: left out, because the model does not accept such files.]',
      'b.txt',
    ])
  })

  test('are single ones, by their bytes or their URL, whatever their name', () => {
    const bytes = Buffer.from('image')
    const key = createFileKey(bytes)
    const inline = `data:image/png;base64,${bytes.toString('base64')}`
    const messages = [
      message(file('stored', 'image/png', toBlobUrl(key)), file('inline', 'image/png', inline), file('linked')),
    ]
    const omit = (...keys: string[]) =>
      describeParts(omitMessageFiles(messages, { ...noOmissions, fileKeys: new Set(keys) })).map((text) =>
        text.includes('could not read it') ? '-' : text,
      )
    expect(omit(key)).toEqual(['-', '-', 'linked'])
    expect(omit(createFileKey('https://a.example/linked'))).toEqual(['stored', 'inline', '-'])
  })

  test('are the oldest images if there are too many', () => {
    const messages = [message(file('a')), message(file('b'), file('doc', 'application/pdf')), message(file('c'))]
    expect(describeParts(omitMessageFiles(messages, { ...noOmissions, maxImages: 2 }))).toEqual([
      expect.stringContaining('only the newest images are sent'),
      'b',
      'doc',
      'c',
    ])
  })
})
