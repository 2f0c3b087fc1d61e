import { UnknownModelError } from '../agent/models/unknown-model-error.ts'
import { createBadInputError } from '../lib/errors.ts'

/**
 * Runs a task for a request that names a model, by default in the argument `input.model`. If the task rejects because that
 * model is unknown, the error gets the path of the argument. An unknown model that the request did not name, such as the stored model of a
 * session, keeps its empty path.
 */
export async function withModelErrorPath<T>(
  model: string | null | undefined,
  task: () => Promise<T>,
  path: readonly string[] = ['input', 'model'],
): Promise<T> {
  try {
    return await task()
  } catch (error) {
    if (error instanceof UnknownModelError && error.modelId === model) throw createBadInputError(error.message, ...path)
    throw error
  }
}
