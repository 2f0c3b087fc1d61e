/** The public id of a profile. */
export function toProfileId(name: string): string {
  return `prf_${name}`
}
