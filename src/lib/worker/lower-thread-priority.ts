import { setPriority } from 'node:os'

/**
 * Lowers the priority of the calling thread, so that the main thread gets the CPU first. Works on Linux only: elsewhere
 * the priority belongs to the whole process.
 */
export function lowerThreadPriority(): void {
  if (process.platform !== 'linux') return
  try {
    setPriority(0, 19)
  } catch {
    // Containers and sandboxes may forbid it.
  }
}
