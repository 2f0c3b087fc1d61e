import { afterEach, expect, test } from 'vitest'
import { WorkerClient, WorkerExitedError } from '../../../../src/lib/worker/worker-client.ts'
import type { EchoWorkerEvents, EchoWorkerFunctions } from '../../../support/lib/echo-worker.ts'

const clients: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close()
})

function newEchoClient() {
  const echoed: unknown[] = []
  const exits: string[] = []
  const client = new WorkerClient<EchoWorkerFunctions, EchoWorkerEvents>({
    url: new URL('../../../support/lib/echo-worker.ts', import.meta.url),
    options: null,
    events: { echoed: (value) => void echoed.push(value) },
    onExit: (reason) => exits.push(reason),
  })
  clients.push(client)
  return { client, echoed, exits }
}

test('a call returns what the function returns, after the events that it caused', async () => {
  const { client, echoed } = newEchoClient()
  expect(await client.call(({ echo }) => echo({ a: [1, 'b'] }))).toEqual({ a: [1, 'b'] })
  expect(echoed).toEqual([{ a: [1, 'b'] }])
})

test('a call rejects with what the function throws, and the thread continues', async () => {
  const { client, exits } = newEchoClient()
  await expect(client.call(({ fail }) => fail())).rejects.toThrow('broken')
  expect(await client.call(({ echo }) => echo(1))).toBe(1)
  expect(exits).toEqual([])
})

test('a thread that dies rejects its pending calls, is reported, and is started again by the next call', async () => {
  const { client, exits } = newEchoClient()
  const pending = client.call(({ exit }) => exit(3))
  await expect(pending).rejects.toThrow('The worker thread has exited.')
  await expect(pending).rejects.toThrow(WorkerExitedError)
  expect(exits).toEqual(['exit code 3'])
  expect(await client.call(({ echo }) => echo('back'))).toBe('back')
})

test('a client that is closed rejects calls, and reports no exit', async () => {
  const { client, exits } = newEchoClient()
  await client.call(({ echo }) => echo(1))
  await client.close()
  expect(client.isClosed).toBe(true)
  await expect(client.call(({ echo }) => echo(2))).rejects.toThrow('The worker thread is closed.')
  expect(exits).toEqual([])
})

test('an idle thread gives back the memory that it does not use any more', async () => {
  const { client } = newEchoClient()
  const heapBytes = await client.call(({ leaveGarbage }) => leaveGarbage())
  const readHeapBytes = () => client.call(({ readHeapBytes: read }) => read())
  await expect.poll(readHeapBytes, { interval: 500 }).toBeLessThan(heapBytes / 4)
})
