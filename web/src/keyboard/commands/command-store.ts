import { type ComponentType, useEffect, useEffectEvent } from 'react'
import type { ShortcutKeys } from '../../shortcuts/shortcut-keys.ts'

/** Something that a person can do now, found by its name in the command palette. */
export interface Command {
  readonly id: string
  readonly label: string
  readonly Icon?: ComponentType
  /** The keys that do the same. */
  readonly keys?: ShortcutKeys
  readonly run: () => void
}

const listeners = new Set<() => void>()
const owners = new Map<symbol, readonly Command[]>()
let commands: readonly Command[] = []

function publish(): void {
  commands = [...owners.values()].flat()
  for (const listener of listeners) listener()
}

/** The commands of all that is shown: for `useSyncExternalStore`. */
export const commandStore = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  },
  getSnapshot: (): readonly Command[] => commands,
}

/** Offers commands in the palette while a component is shown. */
export function useCommands(offered: readonly Command[]): void {
  const run = useEffectEvent((id: string): void => offered.find((command) => command.id === id)?.run())
  // What a command does may be another function with each rendering: only its name and its keys tell that it has changed.
  const signature = JSON.stringify(offered.map(({ id, label, keys }) => [id, label, keys]))
  const getOffered = useEffectEvent(() => offered)
  useEffect(() => {
    const owner = Symbol(signature)
    owners.set(
      owner,
      getOffered().map((command) => Object.assign({}, command, { run: () => run(command.id) })),
    )
    publish()
    return () => {
      owners.delete(owner)
      publish()
    }
  }, [signature])
}
