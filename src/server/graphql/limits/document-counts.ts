import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'

/** What the limits of a document are about, for one operation or one fragment. */
export interface SelectionCounts {
  /** Levels of fields, with fragments expanded. Introspection is not counted here. */
  depth: number
  introspectionDepth: number
  /** Names of the fields of the outermost selection set, with fragments expanded. */
  readonly rootFields: Set<string>
  /** Of the selection itself, without its fragments. */
  aliases: number
  directives: number
  readonly fragments: Set<string>
}

/** Where a selection is: its inline fragments are merged into the selection set that they are in. */
interface SelectionPlace {
  readonly level: number
  /** The type condition of the inline fragment that it is in; empty for none. */
  readonly type: string
  /** The names in the response that the selection set has so far, with their types. */
  readonly names: Set<string>
}

const createCounts = (): SelectionCounts => ({
  ...{ depth: 0, introspectionDepth: 0, aliases: 0, directives: 0 },
  ...{ rootFields: new Set(), fragments: new Set() },
})

const introspectionFields: ReadonlySet<string> = new Set(['__schema', '__type'])

/**
 * Counts what the operations of a document select, before it is validated: fragments may be missing, or contain
 * themselves. Each fragment is counted once, so that the time depends on the length of the document only.
 */
export class DocumentCounter {
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #counts = new Map<string, SelectionCounts>()

  constructor(document: DocumentNode) {
    const fragments = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
    this.#fragments = new Map(fragments.map((fragment) => [fragment.name.value, fragment]))
  }

  /** Counts a selection set, with the fragments that it spreads. */
  count(selectionSet: SelectionSetNode, directiveCount: number): SelectionCounts {
    const counts = createCounts()
    this.#addSelectionSet(selectionSet, 0, counts)
    counts.directives += directiveCount
    for (const name of counts.fragments) {
      const fragment = this.#countFragment(name)
      counts.aliases += fragment.aliases
      counts.directives += fragment.directives
      for (const inner of fragment.fragments) counts.fragments.add(inner)
    }
    return counts
  }

  /** The depth and the root fields of a fragment include those of its own fragments; its other counts do not. */
  #countFragment(name: string): SelectionCounts {
    const known = this.#counts.get(name)
    if (known) return known
    const counts = createCounts()
    this.#counts.set(name, counts)
    const fragment = this.#fragments.get(name)
    if (!fragment) return counts
    this.#addSelectionSet(fragment.selectionSet, 0, counts)
    counts.directives += fragment.directives?.length ?? 0
    return counts
  }

  #addSelectionSet(selectionSet: SelectionSetNode, level: number, counts: SelectionCounts): void {
    const place = { level, type: '', names: new Set<string>() }
    for (const selection of selectionSet.selections) this.#addSelection(selection, place, counts)
  }

  #addSelection(selection: SelectionNode, place: SelectionPlace, counts: SelectionCounts): void {
    const { level, type, names } = place
    counts.directives += selection.directives?.length ?? 0
    if (selection.kind === Kind.FRAGMENT_SPREAD) return this.#addSpread(selection.name.value, level, counts)
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      const innerPlace = { ...place, type: selection.typeCondition?.name.value ?? type }
      return selection.selectionSet.selections.forEach((inner) => this.#addSelection(inner, innerPlace, counts))
    }
    const responseName = selection.alias?.value ?? selection.name.value
    const name = `${type} ${responseName}`
    if (selection.alias || names.has(name)) counts.aliases += 1
    names.add(name)
    if (level === 0) counts.rootFields.add(responseName)
    if (introspectionFields.has(selection.name.value)) return this.#addIntrospection(selection.selectionSet, counts)
    counts.depth = Math.max(counts.depth, level + 1)
    if (selection.selectionSet) this.#addSelectionSet(selection.selectionSet, level + 1, counts)
  }

  #addSpread(name: string, level: number, counts: SelectionCounts): void {
    const fragment = this.#countFragment(name)
    counts.fragments.add(name)
    counts.depth = Math.max(counts.depth, level + fragment.depth)
    counts.introspectionDepth = Math.max(counts.introspectionDepth, fragment.introspectionDepth)
    if (level === 0) for (const field of fragment.rootFields) counts.rootFields.add(field)
  }

  #addIntrospection(selectionSet: SelectionSetNode | undefined, counts: SelectionCounts): void {
    if (!selectionSet) return
    const inner = createCounts()
    this.#addSelectionSet(selectionSet, 1, inner)
    counts.introspectionDepth = Math.max(counts.introspectionDepth, inner.depth)
    counts.aliases += inner.aliases
    counts.directives += inner.directives
    for (const fragment of inner.fragments) counts.fragments.add(fragment)
  }
}
