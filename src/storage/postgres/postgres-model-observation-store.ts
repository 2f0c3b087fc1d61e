import type { ModelObservation } from '../../model/model-observation.ts'
import type { ModelObservationStore } from '../model-observation-store.ts'
import type { PostgresStatement } from './database/postgres-statement.ts'
import type { PostgresProfileDatabase } from './postgres-profile-database.ts'

const maxObservations = 10_000

const selectObservations: PostgresStatement = {
  name: 'select-model-observations',
  text: `SELECT model, base_url AS "baseURL", property, value, observed_at AS "observedAt" FROM model_observations
    WHERE profile = $1 ORDER BY observed_at DESC LIMIT ${maxObservations}`,
}

const upsertObservation: PostgresStatement = {
  name: 'upsert-model-observation',
  text: `INSERT INTO model_observations (profile, model, base_url, property, value, observed_at)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (profile, model, base_url, property)
    DO UPDATE SET value = excluded.value, observed_at = excluded.observed_at`,
}

/** What is remembered about models in a profile. */
export class PostgresModelObservationStore implements ModelObservationStore {
  readonly #database: PostgresProfileDatabase

  constructor(database: PostgresProfileDatabase) {
    this.#database = database
  }

  list(): Promise<ModelObservation[]> {
    return this.#database.query<ModelObservation>(selectObservations)
  }

  async save({ model, baseURL, property, value, observedAt }: ModelObservation): Promise<void> {
    await this.#database.write((transaction) =>
      transaction.execute(upsertObservation, [model, baseURL, property, value, observedAt]),
    )
  }
}
