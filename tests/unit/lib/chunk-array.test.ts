import { expect, test } from 'vitest'
import { chunkArray } from '../../../src/lib/chunk-array.ts'

test('a list is split into arrays of the given size, the last of which may be shorter', () => {
  expect(chunkArray([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]])
  expect(chunkArray([1, 2, 3, 4], 2)).toEqual([
    [1, 2],
    [3, 4],
  ])
})

test('an empty list has no chunks', () => {
  expect(chunkArray([], 500)).toEqual([])
})
