import { useSegueClient } from 'segue-client/react'
import { ChatModelsDocument, type ChatModelsQuery } from '../../../../graphql/generated/graphql.ts'
import { SharedQuery, useSharedQuery } from '../../../../graphql/shared-query.ts'

/** A model that can answer in a profile, with what it can do. */
export type ChatModel = ChatModelsQuery['models'][number]

class ModelsQuery extends SharedQuery<ChatModelsQuery, { profile?: string | null | undefined }> {}

const queries = new Map<string, ModelsQuery>()

interface Models {
  /** Null until they are read. */
  readonly models: readonly ChatModel[] | null
  /** Why they cannot be read. */
  readonly error: string | null
  /** Reads them again: what is known of them changes with what providers answer. */
  reload(): void
}

/** The models of a profile. */
export function useModels(profile: string): Models {
  const client = useSegueClient()
  const query = queries.get(profile) ?? new ModelsQuery(ChatModelsDocument, { profile })
  queries.set(profile, query)
  const { data, error } = useSharedQuery(query)
  return { models: data?.models ?? null, error: error?.message ?? null, reload: () => void query.read(client) }
}

/** The model with a name; null: the default one. */
export function findModel(models: readonly ChatModel[] | null, name: string | null): ChatModel | null {
  return models?.find((model) => (name === null ? model.isDefault : model.qualifiedName === name)) ?? null
}
