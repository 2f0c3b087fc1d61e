import { expect, test } from 'vitest'
import { BackgroundSteps } from '../../../../src/storage/sqlite/database/background-steps.ts'

test('steps run one after the other until nothing is left, and again when there is more', async () => {
  let left = 3
  let done = Promise.withResolvers<void>()
  const steps = new BackgroundSteps({
    step: async () => {
      left -= 1
      if (left === 0) done.resolve()
      return left > 0
    },
    onError: (error) => done.reject(error),
  })
  steps.wake()
  expect(left).toBe(3)
  await done.promise
  left = 2
  done = Promise.withResolvers()
  steps.wake()
  await done.promise
  await steps.close()
  steps.wake()
  expect(left).toBe(0)
})

test('a step that fails is reported, and the next wake goes on', async () => {
  let hasFailed = Promise.withResolvers<unknown>()
  const steps = new BackgroundSteps({
    step: () => Promise.reject(new Error('The disk is full.')),
    onError: (error) => hasFailed.resolve(error),
  })
  for (let count = 0; count < 2; count += 1) {
    hasFailed = Promise.withResolvers()
    steps.wake()
    expect(await hasFailed.promise).toEqual(new Error('The disk is full.'))
    await new Promise(setImmediate)
  }
  await steps.close()
})
