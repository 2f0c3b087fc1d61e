import { z } from 'zod'
import { type Effort, effortScale, normalizeEfforts } from '../../../model/answer-settings/effort.ts'

const supportSchema = z.object({ supported: z.boolean() }).optional().catch(undefined)
const effortsSchema = z.array(z.string().nullable()).nullable().optional().catch(undefined)

const effortFieldsSchema = z.object({
  // OpenRouter. Null: all efforts.
  reasoning: z
    .object({ supported_efforts: effortsSchema, mandatory: z.boolean().optional().catch(undefined) })
    .optional()
    .catch(undefined),
  supported_parameters: z.array(z.string()).optional().catch(undefined), // OpenRouter
  supported_reasoning_efforts: effortsSchema, // Hyperstack
  capabilities: z
    .object({
      // Anthropic: an object with each effort.
      effort: z.record(z.string(), z.unknown()).optional().catch(undefined),
      // GitHub
      supports: z.object({ reasoning_effort: effortsSchema }).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
})

/**
 * The efforts that the entry of a model in a provider's list names, least first. Empty: the list says that the model takes none.
 * Null: it says nothing.
 */
export function parseListedEfforts(entry: unknown): readonly Effort[] | null {
  const { data } = effortFieldsSchema.safeParse(entry)
  if (!data) return null
  const { reasoning, supported_parameters: parameters, capabilities } = data
  if (reasoning?.supported_efforts) return toEfforts(reasoning.supported_efforts)
  if (reasoning?.supported_efforts === null)
    return effortScale.filter((effort) => effort !== 'none' || reasoning.mandatory !== true)
  if (parameters && !parameters.some((name) => /^reasoning(_effort)?$/.test(name))) return []
  const listed = data.supported_reasoning_efforts ?? capabilities?.supports?.reasoning_effort
  if (listed) return toEfforts(listed)
  return capabilities?.effort ? readEffortCapability(capabilities.effort) : null
}

function toEfforts(listed: readonly (string | null)[]): readonly Effort[] {
  return normalizeEfforts(listed.filter((effort) => effort !== null))
}

function readEffortCapability({ supported, ...efforts }: Readonly<Record<string, unknown>>): readonly Effort[] | null {
  const names = Object.entries(efforts).flatMap(([name, value]) =>
    supportSchema.parse(value)?.supported === true ? [name] : [],
  )
  // A model without efforts may still think as much as it is asked for.
  return supported === false || names.length === 0 ? null : normalizeEfforts(names)
}
