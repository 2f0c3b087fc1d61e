/** The index of the first item that matches; the length of the list if there is none. */
export function findIndexOrEnd<T>(list: readonly T[], matches: (item: T, index: number) => boolean): number {
  const index = list.findIndex(matches)
  return index < 0 ? list.length : index
}
