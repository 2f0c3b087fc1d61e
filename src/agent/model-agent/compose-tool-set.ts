import { jsonSchema, tool, type ToolSet } from 'ai'
import { truncate } from '../../lib/text/truncate.ts'
import type { ProviderToolLimits } from '../providers/dialect.ts'
import { clarifyTool } from '../tools/clarify-tool.ts'
import { toProviderToolSchema } from '../tools/provider-tool-schema.ts'
import type { Tool } from '../tools/tool.ts'

export interface ComposedToolSet {
  readonly tools: ToolSet
  /** The names of the tools that the provider's limits leave out. */
  readonly omittedNames: readonly string[]
}

/**
 * Composes the tools of a request as the provider accepts them. If there are too many, the last ones are left out; the
 * built-in `clarify` is the first one.
 */
export function composeToolSet(
  available: readonly Tool[],
  { limits, offersClarify }: { readonly limits: ProviderToolLimits; readonly offersClarify: boolean },
): ComposedToolSet {
  const all = offersClarify ? [clarifyTool, ...available] : available
  const isAccepted = ({ name }: Pick<Tool, 'name'>): boolean => name.length <= limits.maxNameLength
  const offered = all.filter(isAccepted).slice(0, limits.maxCount)
  const omittedNames = all.flatMap(({ name }) => (offered.some((each) => each.name === name) ? [] : name))
  return { tools: Object.fromEntries(offered.map((each) => [each.name, toSdkTool(each, limits)])), omittedNames }
}

function toSdkTool(each: Pick<Tool, 'description' | 'inputSchema'>, limits: ProviderToolLimits): ToolSet[string] {
  const { description, inputSchema } = toProviderToolSchema(each, limits.unsupportedKeywords)
  return tool({
    description: truncate(description, limits.maxDescriptionLength),
    inputSchema: jsonSchema({ ...inputSchema, type: 'object' }),
  })
}

/** How many names of omitted tools the model is told. */
const maxToldNames = 50

/** What the model is told about the tools that it is not offered; nothing if there are none. */
export function describeOmittedTools(names: readonly string[]): string[] {
  if (names.length === 0) return []
  const told = names.slice(0, maxToldNames).join(', ')
  const more = names.length > maxToldNames ? ` and ${names.length - maxToldNames} more` : ''
  return [`The provider of this model accepts no more tools than you have. These are left out: ${told}${more}.`]
}
