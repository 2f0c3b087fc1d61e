/** What a viewer may do: READ queries and follows, USER also writes, ADMIN also manages profiles and the server. */
export type ViewerRole = 'READ' | 'USER' | 'ADMIN'

/** Who asks, as a plain value that is made where a request arrives. */
export interface Viewer {
  /** The name of the token, or of the user that it was issued to. Null if the server has no tokens. */
  readonly name: string | null
  readonly role: ViewerRole
  /** The names of the profiles that exist for the viewer, whether or not they exist on the server. */
  readonly profiles: 'all' | readonly string[]
}

/** Who asks a server without tokens: it listens on loopback only, so its user. */
export const localViewer: Viewer = { name: null, role: 'ADMIN', profiles: 'all' }

/** From the least to the most powerful. */
const roles: readonly ViewerRole[] = ['READ', 'USER', 'ADMIN']

/** Whether a viewer may do what needs a role: it has that one, or a more powerful one. */
export function hasRole(viewer: Pick<Viewer, 'role'>, role: ViewerRole): boolean {
  return roles.indexOf(viewer.role) >= roles.indexOf(role)
}

/** Whether a profile with this name exists for a viewer. */
export function hasProfile({ profiles }: Viewer, name: string): boolean {
  return profiles === 'all' || profiles.includes(name)
}
