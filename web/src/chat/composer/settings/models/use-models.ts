import { useSegueClient } from 'segue-client/react'
import { useEffect, useState } from 'react'
import { ChatModelsDocument, type ChatModelsQuery } from '../../../../graphql/generated/graphql.ts'

/** A model that can answer in a profile, with what it can do. */
export type ChatModel = ChatModelsQuery['models'][number]

/** The models of a profile as they were read last. */
const known = new Map<string, readonly ChatModel[]>()

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
  const [read, setRead] = useState<{ readonly profile: string; readonly error: string | null } | null>(null)
  const [version, setVersion] = useState(0)
  useEffect(() => {
    const leave = new AbortController()
    client.request(ChatModelsDocument, { profile }, { signal: leave.signal }).then(
      ({ models }) => {
        known.set(profile, models)
        setRead({ profile, error: null })
      },
      (error: unknown) => {
        if (!leave.signal.aborted) setRead({ profile, error: error instanceof Error ? error.message : String(error) })
      },
    )
    return () => leave.abort()
  }, [client, profile, version])
  return {
    models: known.get(profile) ?? null,
    error: read?.profile === profile ? read.error : null,
    reload: () => setVersion((last) => last + 1),
  }
}

/** The model with a name; null: the default one. */
export function findModel(models: readonly ChatModel[] | null, name: string | null): ChatModel | null {
  return models?.find((model) => (name === null ? model.isDefault : model.qualifiedName === name)) ?? null
}
