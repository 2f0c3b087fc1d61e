import type { ModelObservation } from '../../../src/model/model-observation.ts'
import type { ModelObservationStore } from '../../../src/storage/model-observation-store.ts'

/** A store in memory, with what it holds. */
export function newModelObservationStore(): ModelObservationStore & { readonly saved: ModelObservation[] } {
  const saved: ModelObservation[] = []
  return { saved, list: async () => saved, save: async (observation) => void saved.push(observation) }
}
