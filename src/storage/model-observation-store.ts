import type { ModelObservation } from '../model/model-observation.ts'

/** What is remembered about the models of a profile's providers. */
export interface ModelObservationStore {
  /** The newest 10,000 observations. */
  list(): Promise<ModelObservation[]>
  /** Replaces the earlier observation of the same property. */
  save(observation: ModelObservation): Promise<void>
}
