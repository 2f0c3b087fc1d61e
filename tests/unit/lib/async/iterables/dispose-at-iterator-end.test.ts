import { expect, test } from 'vitest'
import { disposeAtIteratorEnd } from '../../../../../src/lib/async/iterables/dispose-at-iterator-end.ts'

function newResource() {
  const resource = { disposals: 0, [Symbol.dispose]: () => void (resource.disposals += 1) }
  return resource
}

async function* count(): AsyncGenerator<number> {
  yield 1
  yield 2
}

test('the resource is released when the iterator ends', async () => {
  const resource = newResource()
  const values = disposeAtIteratorEnd(count(), resource)
  await values.next()
  expect(resource.disposals).toBe(0)
  expect(await Array.fromAsync(values)).toEqual([2])
  expect(resource.disposals).toBe(1)
})

test('the resource is released when the consumer stops', async () => {
  const resource = newResource()
  for await (const value of disposeAtIteratorEnd(count(), resource)) {
    expect(value).toBe(1)
    break
  }
  expect(resource.disposals).toBe(1)
})

test('the resource is released when the iterator fails', async () => {
  const resource = newResource()
  // oxlint-disable-next-line require-yield
  const failing = (async function* (): AsyncGenerator<number> {
    throw new Error('broken')
  })()
  await expect(disposeAtIteratorEnd(failing, resource).next()).rejects.toThrow('broken')
  expect(resource.disposals).toBe(1)
})
