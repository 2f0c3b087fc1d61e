import { UnknownModelError } from '../agent/models/unknown-model-error.ts'
import { createBadInputError } from '../lib/errors.ts'
import { parseProfileModelId } from '../profiles/profile-model-id.ts'

export interface ModelArgument {
  /** What the client has given: `<provider>/<name>`, or the id of a Model. Empty where it takes the model away. */
  readonly model: string | null | undefined
  /** The profile in which the model is to answer. */
  readonly profile: string
  /** From the arguments of the field to the model. */
  readonly path: readonly string[]
}

/**
 * Runs a task with the `<provider>/<name>` that an argument means; null if it was left out. If the task rejects because
 * that model is unknown, the error gets the path of the argument. An unknown model that the request did not name, such as
 * the stored model of a session, keeps its empty path. Throws BAD_USER_INPUT for the id of another profile's model.
 */
export async function withModelArgument<T>(
  argument: ModelArgument,
  task: (qualifiedName: string | null) => Promise<T>,
): Promise<T> {
  const qualifiedName = toQualifiedName(argument)
  try {
    return await task(qualifiedName)
  } catch (error) {
    if (error instanceof UnknownModelError && error.modelId === qualifiedName)
      throw createBadInputError(error.message, ...argument.path)
    throw error
  }
}

function toQualifiedName({ model, profile, path }: ModelArgument): string | null {
  const named = typeof model === 'string' ? parseProfileModelId(model) : null
  if (!named) return model ?? null
  if (named.profile === profile) return named.qualifiedName
  const message = `The model belongs to the profile ${named.profile}. Choose one of the profile ${profile}.`
  throw createBadInputError(message, ...path)
}
