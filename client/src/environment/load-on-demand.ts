import { SegueError } from '../segue-error.ts'

/** A part of the library that is not loaded before it is needed. Rejects with a SegueError if it cannot be loaded. */
export async function loadOnDemand<Module>(loading: Promise<Module>): Promise<Module> {
  return loading.catch((cause: unknown) => {
    throw new SegueError('CONNECTION_LOST', 'A part of the library could not be loaded. Try again.', { cause })
  })
}
