/** The folders of one profile and of its Hermes agent. Neither has to exist. */
export interface ProfilePaths {
  readonly home: string
  readonly hermesHome: string | null
}

/** Which profiles there are. */
export interface ProfileCatalog {
  /** Lists all profiles: `default` first, then by name. */
  listNames(): Promise<string[]>
  exists(name: string): Promise<boolean>
  /** Throws BAD_USER_INPUT if the profile's path is taken by something that is not a directory. */
  resolveProfilePaths(name: string): ProfilePaths
  /** Creates an empty profile. Throws BAD_USER_INPUT if it exists. */
  create(name: string): Promise<void>
  /** Throws BAD_USER_INPUT for `default` and for a profile that only Hermes has, and NOT_FOUND. */
  assertRemovable(name: string): Promise<void>
  /** Puts the profile where it is no longer one. Erases nothing. */
  moveToTrash(name: string): Promise<void>
}
