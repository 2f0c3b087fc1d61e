import { expect, test } from 'vitest'
import { TurnScheduler } from '../../../../src/lib/event-loop/turn-scheduler.ts'

/** A scheduler whose time and turns the test controls. */
function newScheduler() {
  let time = 0
  const callbacks: (() => void)[] = []
  const scheduler = new TurnScheduler({ now: () => time, onNextTurn: (callback) => callbacks.push(callback) })
  return {
    scheduler,
    advance: (ms: number) => void (time += ms),
    nextTurn: async () => {
      for (const callback of callbacks.splice(0)) callback()
      await Promise.resolve()
    },
  }
}

test('tasks go on until their turn of the event loop has taken 8 ms together', async () => {
  const { scheduler, advance, nextTurn } = newScheduler()
  expect(scheduler.mustWait()).toBe(false)
  advance(7)
  expect(scheduler.mustWait()).toBe(false)
  advance(1)
  expect(scheduler.mustWait()).toBe(true)
  await nextTurn()
  expect(scheduler.mustWait()).toBe(false)
})

test('at most ten tasks begin in one turn of the event loop', async () => {
  const { scheduler, advance, nextTurn } = newScheduler()
  const start = () => Array.from({ length: 12 }, () => scheduler.mustWaitToStart())
  const firstTen = [...Array(10).fill(false), true, true]
  expect(start()).toEqual(firstTen)
  expect(scheduler.mustWait()).toBe(false)
  await nextTurn()
  expect(start()).toEqual(firstTen)
  await nextTurn()
  expect(scheduler.mustWaitToStart()).toBe(false)
  advance(8)
  expect(scheduler.mustWaitToStart()).toBe(true)
})

test('of the tasks that wait, one goes on in each turn, in order', async () => {
  const { scheduler, nextTurn } = newScheduler()
  const resumed: string[] = []
  for (const name of ['first', 'second', 'third']) void scheduler.wait().then(() => resumed.push(name))
  const seen: string[][] = []
  for (let turn = 0; turn < 3; turn += 1) {
    await nextTurn()
    seen.push([...resumed])
  }
  expect(seen).toEqual([['first'], ['first', 'second'], ['first', 'second', 'third']])
})
