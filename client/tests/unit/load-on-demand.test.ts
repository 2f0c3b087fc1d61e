import { expect, test } from 'vitest'
import { loadOnDemand } from '../../src/environment/load-on-demand.ts'
import { SegueError } from '../../src/segue-error.ts'

test('a part of the library that cannot be loaded is a lost connection for who needs it', async () => {
  expect(await loadOnDemand(Promise.resolve({ value: 1 }))).toEqual({ value: 1 })
  const cause = new TypeError('Failed to fetch dynamically imported module')
  const error = await loadOnDemand(Promise.reject(cause)).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(SegueError)
  expect(error).toMatchObject({ code: 'CONNECTION_LOST', cause })
})
