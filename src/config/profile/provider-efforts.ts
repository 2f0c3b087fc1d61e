import { z } from 'zod'
import { compileWildcardPattern } from '../../lib/text/wildcard-pattern.ts'
import { type Effort, effortScale, normalizeEfforts } from '../../model/answer-settings/effort.ts'

/** The efforts of the models of a provider, by patterns of their names. The last one that matches counts. */
export type ProviderEfforts = readonly { readonly pattern: string; readonly efforts: readonly Effort[] }[]

const effortListSchema = z.array(z.enum(effortScale))
const effortsSchema = z.union([effortListSchema, z.record(z.string(), effortListSchema)])

/** What is wrong with efforts that cannot be used, as a sentence. */
export const invalidEffortsMessage = `Must be a list of efforts (${effortScale.join(', ')}), or such lists by names of models.`

/** Reads `efforts` of a provider in config.json: a list for all of its models, or lists by names. Null if it is invalid. */
export function parseProviderEfforts(value: unknown): ProviderEfforts | null {
  const { data } = effortsSchema.safeParse(value)
  if (!data) return null
  const entries = Array.isArray(data) ? [['*', data] as const] : Object.entries(data)
  return entries.map(([pattern, efforts]) => ({ pattern, efforts: normalizeEfforts(efforts) }))
}

/** The configured efforts of a model. Null if there are none. */
export function findConfiguredEfforts(configured: ProviderEfforts, name: string): readonly Effort[] | null {
  return configured.findLast(({ pattern }) => compileWildcardPattern(pattern)(name))?.efforts ?? null
}
