import { expect, test } from 'vitest'
import {
  createBadInputError,
  createIdNotFoundError,
  SegueError,
  createShuttingDownError,
} from '../../../src/lib/errors.ts'

test('an error carries a code and details for programs', () => {
  const error = new SegueError('SESSION_BUSY', 'The session is busy.', { streamId: 'str_1' })
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({
    name: 'SegueError',
    code: 'SESSION_BUSY',
    message: 'The session is busy.',
    details: { streamId: 'str_1' },
  })
})

test('an invalid argument is named by its path', () => {
  expect(createBadInputError('The text is blank.', 'input', 'files', 0)).toMatchObject({
    code: 'BAD_USER_INPUT',
    details: { path: ['input', 'files', 0] },
  })
})

test('an unknown id is quoted, so that control characters in it do no harm', () => {
  expect(createIdNotFoundError('session', 'a"\n')).toMatchObject({
    code: 'NOT_FOUND',
    message: 'There is no session with the id "a\\"\\n".',
    details: {},
  })
})

test('a server that shuts down asks the client to try again', () => {
  expect(createShuttingDownError()).toMatchObject({
    code: 'SHUTTING_DOWN',
    message: expect.stringContaining('Try again'),
  })
})
