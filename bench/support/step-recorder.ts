// Loaded into the server (`node --import`) by benchmarks. Records the longest step of the event loop, in processor time of the
// main thread, so that other processes of the machine do not count. SIGUSR2 writes it to the file that STEPS_FILE names, in
// milliseconds, and starts anew.
import { renameSync, writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

function recordSteps(file: string): void {
  let longestMs = 0
  let last = process.threadCpuUsage()
  setInterval(() => {
    const used = process.threadCpuUsage(last)
    last = process.threadCpuUsage()
    longestMs = Math.max(longestMs, (used.user + used.system) / 1000)
  }, 1).unref()
  process.on('SIGUSR2', () => {
    writeFileSync(`${file}.new`, String(longestMs))
    longestMs = 0
    last = process.threadCpuUsage()
    renameSync(`${file}.new`, file)
  })
}

const { STEPS_FILE } = process.env
if (isMainThread && STEPS_FILE) recordSteps(STEPS_FILE)
