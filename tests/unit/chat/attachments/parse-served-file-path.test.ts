import { expect, test } from 'vitest'
import { parseServedFilePath } from '../../../../src/chat/attachments/parse-served-file-path.ts'

const hash = 'ab'.repeat(32)

test('a message id and an index refer to an attachment', () => {
  expect(parseServedFilePath('/files/msg_1/0')).toEqual({ type: 'attachment', messageId: 'msg_1', partIndex: 0 })
  expect(parseServedFilePath('/files/a%20chat%2F1%3A2/12')).toEqual({
    type: 'attachment',
    messageId: 'a chat/1:2',
    partIndex: 12,
  })
})

test('a hash refers to a tool result', () => {
  expect(parseServedFilePath(`/files/${hash}`)).toEqual({ type: 'toolResult', hash, mediaType: null })
})

test.each([
  '/files',
  '/files/',
  '/files/msg_1',
  '/files/msg_1/',
  '/files/msg_1/01',
  '/files/msg_1/-1',
  '/files/msg_1/1.0',
  '/files/msg_1/0/0',
  '/files/%/0',
  '/files//0',
  `/files/${hash.toUpperCase()}`,
  `/files/${hash}0`,
  `/other/${hash}`,
])('%s refers to no file', (path) => {
  expect(parseServedFilePath(path)).toBeNull()
})
