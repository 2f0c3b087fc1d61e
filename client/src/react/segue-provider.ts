import { createContext, createElement, type ReactElement, type ReactNode, useContext } from 'react'
import type { SegueClient } from '../segue-client.ts'

const SegueContext = createContext<SegueClient | null>(null)

export interface SegueProviderProps {
  /** Make it once, outside of components. */
  readonly client: SegueClient
  readonly children?: ReactNode
}

/** Gives the hooks below it their client. */
export function SegueProvider({ client, children }: SegueProviderProps): ReactElement {
  return createElement(SegueContext.Provider, { value: client }, children)
}

/** The client of the nearest `SegueProvider`. Throws if there is none. */
export function useSegueClient(): SegueClient {
  const client = useContext(SegueContext)
  if (!client) throw new Error('There is no Segue client. Render the component within <SegueProvider client={…}>.')
  return client
}
