const unchangingObjects = new WeakSet()

/**
 * Says of an object that its properties never change, and that it is given to others again, as the rows of a cache are: it pays
 * to keep what was computed from it. See `isUnchanging`.
 */
export function markAsUnchanging(object: object): void {
  unchangingObjects.add(object)
}

export function isUnchanging(object: object): boolean {
  return unchangingObjects.has(object)
}
