import { z } from 'zod'
import type { Effort } from '../../model/answer-settings/effort.ts'
import { defaultDialect } from '../providers/dialect.ts'
import { providerDialects } from '../providers/select-dialect.ts'
import { parseListedEfforts } from './efforts/parse-listed-efforts.ts'
import { maxContextWindow, minContextWindow } from '../../config/profile/provider.ts'

/** A model in the list of a provider. */
export interface ProviderModel {
  readonly name: string
  /** Epoch milliseconds; null if the provider does not report it. */
  readonly createdAt: number | null
  /** In tokens; null if the provider does not report it. */
  readonly contextWindow: number | null
  /** How long an answer can be, in tokens; null if the provider does not report it. */
  readonly maxOutputTokens: number | null
  /** True if the list says that the model takes tools; null otherwise, because lists forget to say so. */
  readonly supportsTools: true | null
  /** Likewise for images. */
  readonly supportsImages: true | null
  /** The efforts that the list names, least first. Null if it says nothing about them. */
  readonly efforts: readonly Effort[] | null
  /** Likewise for PDFs. */
  readonly supportsPdfs: true | null
  /** What the list says that the model is for. */
  readonly purpose: 'chat' | 'other' | 'unknown'
}

const tokenCountSchema = z.coerce.number().int().min(minContextWindow).max(maxContextWindow).optional().catch(undefined)
/** Where any server lists the context window, because gateways pass on the entries of others. */
const modelLists = [defaultDialect, ...providerDialects].map(({ modelList }) => modelList)
const contextWindowPaths = new Set(modelLists.flatMap((rules) => rules.contextWindowPaths))
const outputLimitPaths = new Set(modelLists.flatMap((rules) => rules.outputLimitPaths))

const fieldsSchema = z.record(z.string(), z.unknown()).catch({})

const wordSchema = z.string().toLowerCase().optional().catch(undefined)
const wordsSchema = z.array(z.string().toLowerCase()).optional().catch(undefined)

const modelSchema = z.object({
  id: z.string().min(1),
  created: z.number().optional().catch(undefined), // OpenAI: seconds
  created_at: z.string().optional().catch(undefined), // Anthropic: ISO 8601
  mode: wordSchema, // LiteLLM
  type: wordSchema, // Together, LM Studio
  task: wordSchema, // GitHub
  supports_chat: z.boolean().optional().catch(undefined), // Fireworks
  supports_tools: z.boolean().optional().catch(undefined), // Fireworks
  supports_image_in: z.boolean().optional().catch(undefined), // Fireworks
  supported_parameters: wordsSchema, // OpenRouter
  input_modalities: wordsSchema, // xAI
  supported_input_modalities: wordsSchema, // GitHub
  endpoints: wordsSchema, // Cohere
  architecture: z.object({ input_modalities: wordsSchema, output_modalities: wordsSchema }).optional().catch(undefined), // OpenRouter
  capabilities: z
    .union([
      z.array(z.string().toLowerCase()), // llama.cpp, Infinity
      z.object({
        completion_chat: z.boolean(),
        function_calling: z.boolean().optional(),
        vision: z.boolean().optional(),
      }), // Mistral
    ])
    .optional()
    .catch(undefined),
})

type ListedModel = z.infer<typeof modelSchema>

/** The entries of a provider's list, as it sent them. Returns null if it is no list. */
export function readModelListEntries(value: unknown): readonly unknown[] | null {
  // Together sends an array alone.
  const list = z.union([z.array(z.unknown()), z.object({ data: z.array(z.unknown()) })]).safeParse(value)
  if (!list.success) return null
  return 'data' in list.data ? list.data.data : list.data
}

/** Parses the entries of a list, and skips invalid ones. */
export function parseModelListEntries(entries: readonly unknown[]): ProviderModel[] {
  return entries.flatMap((entry) => {
    const model = modelSchema.safeParse(entry)
    if (!model.success) return []
    return {
      name: model.data.id,
      createdAt: toCreatedAt(model.data),
      // Some servers list the configured context window as well as the maximum of the model.
      contextWindow: readSmallest(entry, contextWindowPaths),
      maxOutputTokens: readSmallest(entry, outputLimitPaths),
      supportsTools: listsTools(model.data) ? true : null,
      supportsImages: listsImages(model.data) ? true : null,
      efforts: parseListedEfforts(entry),
      supportsPdfs: listInputs(model.data).some((word) => pdfPattern.test(word)) ? true : null,
      purpose: findPurpose(model.data),
    }
  })
}

/** The smallest of the token counts at these paths. Null if there are none. */
function readSmallest(entry: unknown, paths: ReadonlySet<string>): number | null {
  const counts = [...paths].flatMap((path) => {
    const value = path.split('.').reduce((outer, key) => fieldsSchema.parse(outer)[key], entry)
    return tokenCountSchema.parse(value) ?? []
  })
  return counts.length > 0 ? Math.min(...counts) : null
}

function toCreatedAt({ created, created_at: text }: ListedModel): number | null {
  if (created !== undefined) return created * 1000
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? null : time
}

function listsTools({ capabilities, ...model }: ListedModel): boolean {
  const words = [...(model.supported_parameters ?? []), ...(Array.isArray(capabilities) ? capabilities : [])]
  const callsFunctions = Array.isArray(capabilities) ? false : capabilities?.function_calling
  return model.supports_tools === true || callsFunctions === true || words.some((word) => toolPattern.test(word))
}

function listsImages({ capabilities, type, ...model }: ListedModel): boolean {
  const words = [...listInputs(model), ...(Array.isArray(capabilities) ? capabilities : [])]
  const sees = Array.isArray(capabilities) ? false : capabilities?.vision
  const isListed = model.supports_image_in === true || sees === true || type === 'vlm' // LM Studio
  return isListed || words.some((word) => imagePattern.test(word))
}

/** The kinds of content that a model takes. */
function listInputs(
  model: Pick<ListedModel, 'architecture' | 'input_modalities' | 'supported_input_modalities'>,
): string[] {
  return [
    ...(model.input_modalities ?? []),
    ...(model.supported_input_modalities ?? []),
    ...(model.architecture?.input_modalities ?? []),
  ]
}

const pdfPattern = /^(files?|pdfs?)$/
const imagePattern = /^(images?|vision|multimodal)$/
const toolPattern = /^(tools?|tool_use|tool_choice|function_calling)$/
const chatPattern = /chat|complet|llm|vlm|language|code|responses|text-generation|^text$/
const otherPattern = /embed|rank|speech|transcri|audio|image|video|moderation|ocr|classif/

function findPurpose({ capabilities, supports_chat: supportsChat, ...model }: ListedModel): ProviderModel['purpose'] {
  const chats = supportsChat ?? (Array.isArray(capabilities) ? undefined : capabilities?.completion_chat)
  if (chats !== undefined) return chats ? 'chat' : 'other'
  const outputs = model.architecture?.output_modalities ?? []
  if (outputs.includes('text')) return 'chat'
  const labels = [model.mode, model.type, model.task].filter((label) => label !== undefined)
  if (labels.some((label) => otherPattern.test(label))) return 'other'
  const words = [
    ...labels,
    ...outputs,
    ...(model.endpoints ?? []),
    ...(Array.isArray(capabilities) ? capabilities : []),
  ]
  if (words.some((word) => chatPattern.test(word) && !otherPattern.test(word))) return 'chat'
  return words.some((word) => otherPattern.test(word)) ? 'other' : 'unknown'
}
