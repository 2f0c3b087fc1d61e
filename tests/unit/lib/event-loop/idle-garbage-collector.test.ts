import { expect, test } from 'vitest'
import { collectAllGarbage, IdleGarbageCollector } from '../../../../src/lib/event-loop/idle-garbage-collector.ts'

interface FakeProcess {
  readonly collector: IdleGarbageCollector
  /** Milliseconds. */
  activeMs: number
  isBusy: boolean
  collections: number
}

function newFakeProcess(): FakeProcess {
  const state = { activeMs: 0, isBusy: false, collections: 0 }
  const collector = new IdleGarbageCollector({
    isBusy: () => state.isBusy,
    readActiveMs: () => state.activeMs,
    collect: async () => {
      state.collections += 1
      state.activeMs += 500
    },
  })
  return Object.assign(state, { collector })
}

test('garbage is collected once, when the process is idle after much work', async () => {
  const fake = newFakeProcess()
  fake.activeMs += 3_000
  await fake.collector.check()
  expect(fake.collections).toBe(0)
  for (let check = 0; check < 3; check += 1) await fake.collector.check()
  expect(fake.collections).toBe(1)
})

test('what the start has left is collected once the process is idle', async () => {
  const fake = newFakeProcess()
  for (let check = 0; check < 3; check += 1) await fake.collector.check()
  expect(fake.collections).toBe(1)
})

test('little work adds up', async () => {
  const fake = newFakeProcess()
  await fake.collector.check()
  fake.collections = 0
  for (let check = 0; check < 25; check += 1) {
    fake.activeMs += 50
    await fake.collector.check()
  }
  expect(fake.collections).toBe(1)
})

test('no answer that runs waits for a collection', async () => {
  const fake = newFakeProcess()
  fake.activeMs += 3_000
  fake.isBusy = true
  for (let check = 0; check < 3; check += 1) await fake.collector.check()
  expect(fake.collections).toBe(0)
  fake.isBusy = false
  await fake.collector.check()
  expect(fake.collections).toBe(1)
})

test('a collection frees what nothing refers to', async () => {
  const reference = new WeakRef(new ArrayBuffer(1_000))
  await collectAllGarbage()
  expect(reference.deref()).toBeUndefined()
})
