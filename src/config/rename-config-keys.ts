export interface RenameConfigKeysResult {
  readonly value: unknown
  /** One for each former name in the value: the former name and a sentence. */
  readonly warnings: readonly { readonly key: string; readonly message: string }[]
}

/** Replaces former names of keys by their current ones. If a value has both names, the current one wins. */
export function renameConfigKeys(
  value: unknown,
  currentNames: Readonly<Record<string, string>>,
): RenameConfigKeysResult {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { value, warnings: [] }
  const renamed = new Map<string, unknown>()
  const warnings: { key: string; message: string }[] = []
  for (const [key, entry] of Object.entries(value)) {
    const currentName = Object.hasOwn(currentNames, key) ? currentNames[key] : undefined
    if (currentName === undefined) renamed.set(key, entry)
    else if (Object.hasOwn(value, currentName))
      warnings.push({ key, message: `Ignored, because its new name ${currentName} is set as well. Remove it.` })
    else {
      renamed.set(currentName, entry)
      warnings.push({ key, message: `Renamed to ${currentName}. Use the new name.` })
    }
  }
  return { value: Object.fromEntries(renamed), warnings }
}
