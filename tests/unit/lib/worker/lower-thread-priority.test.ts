import { getPriority } from 'node:os'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'

/** Reports the priority of the thread after the call. Thread priorities exist on Linux only. */
const script = `
  import { getPriority } from 'node:os'
  import { parentPort, workerData } from 'node:worker_threads'
  const { lowerThreadPriority } = await import(workerData)
  lowerThreadPriority()
  parentPort.postMessage(getPriority(0))
`

test.runIf(process.platform === 'linux')('only the priority of the calling thread is lowered', async () => {
  const before = getPriority(0)
  const module = new URL('../../../../src/lib/worker/lower-thread-priority.ts', import.meta.url).href
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`), { workerData: module })
  const priority = await new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  await worker.terminate()
  expect(priority).toBe(19)
  expect(getPriority(0)).toBe(before)
})
