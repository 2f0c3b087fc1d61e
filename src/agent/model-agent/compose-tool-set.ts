import { jsonSchema, tool, type ToolSet } from 'ai'
import { truncate } from '../../lib/text/truncate.ts'
import type { ProviderToolLimits } from '../providers/dialect.ts'
import { shortenText } from '../tokens/shorten-text.ts'
import type { TokenCounter } from '../tokens/token-counter.ts'
import { clarifyTool } from '../tools/clarify-tool.ts'
import { toProviderToolSchema } from '../tools/provider-tool-schema.ts'
import type { AvailableToolsWithNotes } from '../tools/tool-source.ts'
import type { Tool } from '../tools/tool.ts'

interface ToolSetOptions {
  readonly limits: ProviderToolLimits
  readonly offersClarify: boolean
  /** What all tools may take of the context window. */
  readonly maxTokens: number
  readonly counter: TokenCounter
}

/** The tools of a request, and those that it has no room for. */
interface ComposedToolSet {
  readonly tools: ToolSet
  /** What they take of the context window. */
  readonly tokens: number
  /** The names of the tools that are left out: there are too many, or they take too much of the context window. */
  readonly omittedNames: readonly string[]
}

/**
 * Composes the tools of a request as the provider accepts them. If there are too many, the last ones are left out; the
 * built-in `clarify` is the first one.
 */
function composeToolSet(
  available: readonly Tool[],
  { limits, offersClarify, maxTokens, counter }: ToolSetOptions,
): ComposedToolSet {
  const tools: ToolSet = {}
  const omittedNames: string[] = []
  let tokens = 0
  for (const each of offersClarify ? [clarifyTool, ...available] : available) {
    const isAccepted = each.name.length <= limits.maxNameLength && Object.keys(tools).length < limits.maxCount
    const offered = isAccepted ? toSdkTool(each, limits) : null
    const toolTokens = counter.countJson({ name: each.name, ...offered })
    if (offered && tokens + toolTokens <= maxTokens) {
      tools[each.name] = offered
      tokens += toolTokens
    } else omittedNames.push(each.name)
  }
  return { tools, tokens, omittedNames }
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
/** The names take at most this share of what tools may take. */
const maxNamesShare = 1 / 8
/** A low estimate for the name of a tool. */
const tokensPerName = 4

/** What the model is told about the tools that it is not offered; nothing if there are none. `maxTokens`: for tools. */
function describeOmittedTools(names: readonly string[], maxTokens: number): string[] {
  if (names.length === 0) return []
  const count = Math.min(maxToldNames, Math.max(1, Math.floor((maxTokens * maxNamesShare) / tokensPerName)))
  const told = names.slice(0, count).join(', ')
  const more = names.length > count ? ` and ${names.length - count} more` : ''
  return [`A request to this model has no room for more tools than you have. These are left out: ${told}${more}.`]
}

/** What a request has beside the messages of the chat. */
export interface RequestTools extends ComposedToolSet {
  readonly notes: readonly string[]
  /** Of the tools and the notes. */
  readonly reservedTokens: number
}

export interface RequestToolsOptions {
  readonly limits: ProviderToolLimits
  readonly offersClarify: boolean
  readonly counter: TokenCounter
  /** What the tools and the notes may take. It may be infinite. */
  readonly maxTokens: number
}

/** Tools and notes about them take at most this share of the input. */
export const maxToolShare = 0.5
/** What servers say about their tools takes at most this share of that. */
const maxNotesShare = 0.5

/** Composes the tools of a request, and what the model is told about them. */
export function composeRequestTools(
  { tools: available, notes }: AvailableToolsWithNotes,
  { limits, offersClarify, counter, maxTokens }: RequestToolsOptions,
): RequestTools {
  const maxNoteTokens = Math.max(0, maxTokens * maxNotesShare) / Math.max(1, notes.length)
  const shortNotes = maxTokens > 0 ? notes.map((note) => shortenText(note, maxNoteTokens, counter)) : []
  const noteTokens = counter.countText(shortNotes.join('\n\n'))
  const compose = (toolTokens: number): ComposedToolSet =>
    composeToolSet(available, { limits, offersClarify, counter, maxTokens: toolTokens })
  const all = compose(maxTokens - noteTokens)
  const omissionNotes = describeOmittedTools(all.omittedNames, maxTokens)
  const omissionTokens = counter.countText(omissionNotes.join('\n\n'))
  const tools = all.omittedNames.length > 0 ? compose(maxTokens - noteTokens - omissionTokens) : all
  const allNotes = [...shortNotes, ...describeOmittedTools(tools.omittedNames, maxTokens)]
  return { ...tools, notes: allNotes, reservedTokens: tools.tokens + counter.countText(allNotes.join('\n\n')) }
}
