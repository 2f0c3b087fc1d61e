import { useSegueClient } from 'segue-client/react'
import { useMemo } from 'react'
import { DeleteJobDocument, RunJobDocument, UpdateJobDocument } from '../graphql/generated/graphql.ts'
import { strings } from '../strings/strings.ts'

/** What a person does with a job of Segue. Each rejects with what the server says. */
export function useJobCommands() {
  const client = useSegueClient()
  return useMemo(
    () => ({
      runNow: async (id: string): Promise<void> => {
        const { runJob } = await client.request(RunJobDocument, { id })
        if (runJob?.alreadyRunning) throw new Error(strings.jobs.actions.alreadyRunning)
      },
      setEnabled: async (id: string, enabled: boolean): Promise<void> => {
        await client.request(UpdateJobDocument, { id, input: { enabled } })
      },
      remove: async (id: string): Promise<void> => {
        await client.request(DeleteJobDocument, { id })
      },
    }),
    [client],
  )
}
