import { setPriority } from 'node:os'

/**
 * Has the thread that calls it stand behind the others of the process when the processor is wanted by more than it can
 * serve: answers that are being made go first. Only Linux knows priorities of threads; elsewhere it would be the process's.
 */
export function lowerThreadPriority(): void {
  if (process.platform !== 'linux') return
  try {
    setPriority(0, 19)
  } catch {
    // Not everywhere may it be chosen.
  }
}
