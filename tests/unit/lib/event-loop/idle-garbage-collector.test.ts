import { expect, test } from 'vitest'
import { collectAllGarbage, IdleGarbageCollector } from '../../../../src/lib/event-loop/idle-garbage-collector.ts'

interface FakeProcess {
  readonly collector: IdleGarbageCollector
  /** Milliseconds. */
  activeMs: number
  bytes: number
  isBusy: boolean
  collections: number
}

const idleBytes = 100
const burstBytes = 200

/** A process that holds as much as after its start, and `idleBytes` after a collection. */
function newFakeProcess(): FakeProcess {
  const state = { activeMs: 0, bytes: burstBytes, isBusy: false, collections: 0 }
  const collector = new IdleGarbageCollector({
    isBusy: () => state.isBusy,
    readActiveMs: () => state.activeMs,
    readHeldBytes: () => state.bytes,
    collect: async () => {
      state.collections += 1
      state.activeMs += 500
      state.bytes = idleBytes
    },
  })
  return Object.assign(state, { collector })
}

/** A process whose garbage of the start is collected. */
async function newIdleProcess(): Promise<FakeProcess> {
  const fake = newFakeProcess()
  await fake.collector.check()
  return Object.assign(fake, { collections: 0 })
}

async function checkOften({ collector }: FakeProcess): Promise<void> {
  for (let check = 0; check < 3; check += 1) await collector.check()
}

test('what the start has left is collected once, when the process is idle', async () => {
  const fake = newFakeProcess()
  await checkOften(fake)
  expect(fake.collections).toBe(1)
})

test('a process that works right after its start keeps what it has compiled', async () => {
  const fake = newFakeProcess()
  fake.activeMs += 3_000
  await checkOften(fake)
  expect(fake.collections).toBe(0)
  fake.bytes = 2 * burstBytes
  await checkOften(fake)
  expect(fake.collections).toBe(1)
})

test('what a burst has left is collected once, when the process is idle', async () => {
  const fake = await newIdleProcess()
  fake.activeMs += 3_000
  fake.bytes = burstBytes
  await fake.collector.check()
  expect(fake.collections).toBe(0)
  await checkOften(fake)
  expect(fake.collections).toBe(1)
})

test('work that leaves little costs no compiled code', async () => {
  const fake = await newIdleProcess()
  fake.activeMs += 3_000
  fake.bytes = idleBytes * 1.3
  await checkOften(fake)
  expect(fake.collections).toBe(0)
})

test('memory that goes back to the system by itself counts as free', async () => {
  const fake = await newIdleProcess()
  fake.bytes = idleBytes / 2
  await fake.collector.check()
  fake.bytes = idleBytes
  await checkOften(fake)
  expect(fake.collections).toBe(1)
})

test('memory that is in use is collected once', async () => {
  const fake = newFakeProcess()
  const collector = new IdleGarbageCollector({
    isBusy: () => false,
    readActiveMs: () => 0,
    readHeldBytes: () => burstBytes,
    collect: async () => void (fake.collections += 1),
  })
  await checkOften({ ...fake, collector })
  expect(fake.collections).toBe(1)
})

test('no answer that runs waits for a collection', async () => {
  const fake = newFakeProcess()
  fake.isBusy = true
  await checkOften(fake)
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
