import { assertTakesEffort } from '../../agent/models/efforts/assert-takes-effort.ts'
import type { ModelRegistry } from '../../agent/models/model-registry.ts'
import type { ResolvedModel } from '../../agent/models/resolved-model.ts'
import { type Effort, selectEffort } from '../../model/answer-settings/effort.ts'

/** Which model answers, and its effort. Null or left out: what comes next in line. */
export interface ModelChoice {
  readonly model?: string | null
  readonly effort?: string | null
}

/** The model of a new stream, and the effort that it is asked for; null for the model's own default. */
export interface AnsweringModel {
  readonly model: ResolvedModel
  readonly effort: Effort | null
}

/**
 * Resolves what a client has chosen for an answer, else what is stored with the session, else the default model. A stored effort
 * that the model does not have is lowered. Throws BAD_USER_INPUT for a chosen one, with the path of its argument, and what
 * `resolve` throws.
 */
export async function resolveAnsweringModel(
  models: Pick<ModelRegistry, 'resolve'>,
  chosen: ModelChoice,
  stored: ModelChoice | null,
  ...effortPath: readonly string[]
): Promise<AnsweringModel> {
  const { effort = null } = chosen
  const modelId = chosen.model ?? stored?.model ?? null
  const model = await models.resolve(modelId, { needsEfforts: effort !== null })
  if (effort !== null) return { model, effort: assertTakesEffort(model, effort, ...effortPath) }
  const available = model.efforts.filter((each) => !model.omissions.efforts.has(each))
  return { model, effort: selectEffort(stored?.effort, available) }
}
