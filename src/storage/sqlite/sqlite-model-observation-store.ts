import type { ModelObservation } from '../../model/model-observation.ts'
import type { ModelObservationStore } from '../model-observation-store.ts'
import type { SegueProfileDatabase } from './segue-profile-database.ts'

const maxObservations = 10_000

/** What is remembered about models, in a profile's database. */
export class SqliteModelObservationStore implements ModelObservationStore {
  readonly #database: SegueProfileDatabase

  constructor(database: SegueProfileDatabase) {
    this.#database = database
  }

  async list(): Promise<ModelObservation[]> {
    return this.#database
      .prepare<[], ModelObservation>(
        `SELECT model, base_url AS baseURL, property, value, observed_at AS observedAt FROM model_observations
         ORDER BY observed_at DESC LIMIT ${maxObservations}`,
      )
      .all()
  }

  async save(observation: ModelObservation): Promise<void> {
    await this.#database.write(() =>
      this.#database
        .prepare<[ModelObservation]>(
          `INSERT INTO model_observations (model, base_url, property, value, observed_at)
           VALUES (:model, :baseURL, :property, :value, :observedAt)
           ON CONFLICT DO UPDATE SET value = excluded.value, observed_at = excluded.observed_at`,
        )
        .run(observation),
    )
  }
}
