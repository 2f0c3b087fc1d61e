import { expect, test } from 'vitest'
import { LruCache } from '../../../src/lib/lru-cache.ts'

test('a full cache evicts the entry that was used least recently', () => {
  const cache = new LruCache<string, number>(2)
  cache.set('a', 1)
  cache.set('b', 2)
  cache.get('a')
  cache.set('c', 3)
  expect(['a', 'b', 'c'].map((key) => cache.get(key))).toEqual([1, undefined, 3])
  expect(cache.size).toBe(2)
})

test('a new value for a key replaces the old one, and counts as a use', () => {
  const cache = new LruCache<string, number>(2)
  cache.set('a', 1)
  cache.set('b', 2)
  cache.set('a', 3)
  cache.set('c', 4)
  expect(['a', 'b', 'c'].map((key) => cache.get(key))).toEqual([3, undefined, 4])
})

test('a deleted entry makes room for another one', () => {
  const cache = new LruCache<string, number>(2)
  cache.set('a', 1)
  cache.set('b', 2)
  cache.delete('b')
  cache.set('c', 3)
  expect(cache.get('a')).toBe(1)
  expect(cache.get('b')).toBeUndefined()
  expect(cache.get('c')).toBe(3)
})
