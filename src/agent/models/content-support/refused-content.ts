import type { DetectedModelProperty, ModelObservation } from '../../../model/model-observation.ts'
import type { ContentOmissions } from '../../content-omissions.ts'

/** How long tools, or a kind of content, are left out after their refusal. The server may be configured otherwise by then. */
export const refusalTtlMs = 60 * 60_000
/** How long a learned limit counts. */
const maxImagesTtlMs = 24 * 60 * 60_000
/** How long a single file is left out. Its bytes stay what they are, but a link may work again. */
const fileTtlMs = 7 * 24 * 60 * 60_000

const filePrefix = 'acceptsFile:'
const effortPrefix = 'acceptsEffort:'

/** The properties that a refusal has shown, with their values. */
export function listRefusedProperties(refused: Partial<ContentOmissions>): [DetectedModelProperty, number][] {
  const {
    images,
    otherFiles,
    providerState,
    toolCalls,
    systemRole,
    efforts = [],
    fileKeys = [],
    maxImages = Number.POSITIVE_INFINITY,
  } = refused
  const properties: DetectedModelProperty[] = [...fileKeys].map((key) => `${filePrefix}${key}` as const)
  for (const effort of efforts) properties.push(`${effortPrefix}${effort}`)
  if (images) properties.push('supportsImages')
  if (otherFiles) properties.push('supportsOtherFiles')
  if (providerState) properties.push('acceptsProviderState')
  if (toolCalls) properties.push('acceptsToolCalls')
  if (systemRole) properties.push('acceptsSystemRole')
  const refusals = properties.map((property) => [property, 0] satisfies [DetectedModelProperty, number])
  return Number.isFinite(maxImages) ? [...refusals, ['maxImages', maxImages]] : refusals
}

/** What requests to a model leave out now, as far as refusals have shown it. `maxImages` is what its dialect allows. */
export function readOmissions(
  observations: ReadonlyMap<DetectedModelProperty, ModelObservation>,
  maxImages: number,
): ContentOmissions {
  const now = Date.now()
  const isRecent = (observation: ModelObservation, ttlMs: number): boolean => now - observation.observedAt < ttlMs
  const isRefused = (property: DetectedModelProperty): boolean => {
    const observation = observations.get(property)
    return observation?.value === 0 && isRecent(observation, refusalTtlMs)
  }
  const learned = observations.get('maxImages')
  const listRefused = (prefix: string, ttlMs: number): string[] =>
    [...observations.values()]
      .filter((each) => each.property.startsWith(prefix) && isRecent(each, ttlMs))
      .map(({ property }) => property.slice(prefix.length))
  return {
    images: isRefused('supportsImages'),
    otherFiles: isRefused('supportsOtherFiles'),
    providerState: isRefused('acceptsProviderState'),
    toolCalls: isRefused('acceptsToolCalls'),
    systemRole: isRefused('acceptsSystemRole'),
    efforts: new Set(listRefused(effortPrefix, refusalTtlMs)),
    maxImages: learned && isRecent(learned, maxImagesTtlMs) ? Math.min(learned.value, maxImages) : maxImages,
    fileKeys: new Set(listRefused(filePrefix, fileTtlMs)),
  }
}
