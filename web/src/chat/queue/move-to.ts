/** The list with an element at another index. */
export function moveTo<T>(list: readonly T[], element: T, index: number): readonly T[] {
  const others = list.filter((other) => other !== element)
  return others.toSpliced(index, 0, element)
}

/** Where an element that is dragged belongs among those of its list, by the height of the pointer. */
export function findDropIndex(
  elements: readonly Pick<Element, 'getBoundingClientRect'>[],
  dragged: number,
  clientY: number,
): number {
  return elements.filter((element, index) => {
    if (index === dragged) return false
    const { top, height } = element.getBoundingClientRect()
    return clientY > top + height / 2
  }).length
}
