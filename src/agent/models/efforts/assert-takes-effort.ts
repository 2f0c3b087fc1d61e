import { createBadInputError } from '../../../lib/errors.ts'
import { defaultEfforts, type Effort } from '../../../model/answer-settings/effort.ts'
import type { ModelRegistry } from '../model-registry.ts'
import type { ResolvedModel } from '../resolved-model.ts'
import { UnknownModelError } from '../unknown-model-error.ts'

/**
 * Throws BAD_USER_INPUT for an effort that a client gives and the model does not take. What its provider has refused before
 * counts as taken: requests leave it out. `path` leads to the argument.
 */
export function assertTakesEffort(
  { id, efforts }: Pick<ResolvedModel, 'id' | 'efforts'>,
  effort: string,
  ...path: readonly string[]
): Effort {
  const taken = efforts.find((each) => each === effort)
  if (taken !== undefined) return taken
  const given = JSON.stringify(effort.toWellFormed().slice(0, 40))
  const hint = efforts.length === 0 ? 'Leave it out.' : `Choose one of: ${efforts.join(', ')}.`
  throw createBadInputError(`The model ${id} does not take the effort ${given}. ${hint}`, ...path)
}

/** The same for the model with an id; null: the default one. A model that is gone counts as one of which nothing is known. */
export async function assertModelTakesEffort(
  models: Pick<ModelRegistry, 'resolve'>,
  modelId: string | null,
  effort: string,
  ...path: readonly string[]
): Promise<void> {
  const model = await models.resolve(modelId, { needsEfforts: true }).catch((error: unknown) => {
    if (error instanceof UnknownModelError) return { id: error.modelId, efforts: defaultEfforts }
    throw error
  })
  assertTakesEffort(model, effort, ...path)
}
