import type { ProfileServices } from './profile-services.ts'

/** The services of a profile for as long as they are needed. Dispose of it afterwards; it may be disposed of twice. */
export interface ProfileLease extends Disposable {
  readonly services: ProfileServices
}
