import {
  type FieldNode,
  getNamedType,
  getNullableType,
  type GraphQLNamedOutputType,
  type GraphQLObjectType,
  isAbstractType,
  isListType,
  isObjectType,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'
import { estimateListSize, type RowCounts } from './list-sizes.ts'
import { collectSelectedFields, type SelectedFieldsOptions } from './selected-fields.ts'

export interface OperationCostOptions extends SelectedFieldsOptions {
  readonly rowCounts: RowCounts
}

export interface OperationCost {
  /** The objects and list items that the operation returns at most, as far as can be told. */
  readonly cost: number
  /** The same for `__schema` and `__type`, which have an allowance of their own. */
  readonly introspection: number
  /** The lists that it selects, by type and field such as `Profile.jobs`. */
  readonly lists: ReadonlySet<string>
}

/** Combinations of a type and selection sets. Documents with more are too expensive even to estimate. */
const maxCombinations = 5000

/** Types of Relay's that stand between a list and its items. They cost nothing. */
const freeTypePattern = /Connection$|^PageInfo$/

/** Estimates what an operation costs. Each object that it returns costs 1, and so does each item of a list of values. */
export class OperationCostEstimator {
  readonly #options: OperationCostOptions
  readonly #costs = new Map<string, number>()
  readonly #lists = new Set<string>()
  readonly #selectionSetIds = new Map<SelectionSetNode, number>()

  constructor(options: OperationCostOptions) {
    this.#options = options
  }

  estimate({ operation, selectionSet }: OperationDefinitionNode): OperationCost {
    const type = this.#options.schema.getRootType(operation)
    const sums = { cost: 0, introspection: 0, lists: this.#lists }
    if (!type) return sums
    for (const nodes of collectSelectedFields(type, [selectionSet], this.#options).values()) {
      const isIntrospection = nodes[0]?.name.value.startsWith('__') === true
      sums[isIntrospection ? 'introspection' : 'cost'] += this.#estimateField(type, nodes)
    }
    return sums
  }

  #estimateField(parent: GraphQLObjectType, nodes: readonly FieldNode[]): number {
    const [node] = nodes
    const field = node && this.#options.schema.getField(parent, node.name.value)
    if (!field) return 0
    const type = getNamedType(field.type)
    const selectionSets = nodes.flatMap(({ selectionSet }) => (selectionSet ? [selectionSet] : []))
    const size = (): number => estimateListSize(parent, field, node, this.#options)
    if (isObjectType(type) && type.name.endsWith('Connection')) {
      return this.#estimateConnection(type, selectionSets, size())
    }
    const inner = this.#estimateSelection(type, selectionSets)
    if (isListType(getNullableType(field.type))) {
      this.#lists.add(`${parent.name}.${field.name}`)
      return size() * (1 + inner)
    }
    // The node of an edge is the item of the list, which has been counted.
    const isFree = selectionSets.length === 0 || freeTypePattern.test(type.name) || isNodeOfEdge(parent, node)
    return inner + (isFree ? 0 : 1)
  }

  #estimateConnection(
    connection: GraphQLObjectType,
    selectionSets: readonly SelectionSetNode[],
    pageSize: number,
  ): number {
    let cost = 0
    for (const nodes of collectSelectedFields(connection, selectionSets, this.#options).values()) {
      const edges = nodes[0]?.name.value === 'edges' ? connection.getFields()['edges'] : undefined
      const inner = nodes.flatMap(({ selectionSet }) => (selectionSet ? [selectionSet] : []))
      cost += edges
        ? pageSize * (1 + this.#estimateSelection(getNamedType(edges.type), inner))
        : this.#estimateField(connection, nodes)
    }
    return cost
  }

  /** The cost of the fields of one object. For an interface or a union, that of the most expensive of its types. */
  #estimateSelection(type: GraphQLNamedOutputType, selectionSets: readonly SelectionSetNode[]): number {
    if (isAbstractType(type)) {
      const possibleTypes = this.#options.schema.getPossibleTypes(type)
      return Math.max(0, ...possibleTypes.map((possible) => this.#estimateSelection(possible, selectionSets)))
    }
    if (!isObjectType(type) || selectionSets.length === 0) return 0
    const key = `${type.name} ${selectionSets.map((selectionSet) => this.#identify(selectionSet)).join(' ')}`
    const known = this.#costs.get(key)
    if (known !== undefined) return known
    if (this.#costs.size >= maxCombinations) return Number.POSITIVE_INFINITY
    this.#costs.set(key, 0)
    let cost = 0
    for (const nodes of collectSelectedFields(type, selectionSets, this.#options).values()) {
      cost += this.#estimateField(type, nodes)
    }
    this.#costs.set(key, cost)
    return cost
  }

  #identify(selectionSet: SelectionSetNode): number {
    const id = this.#selectionSetIds.get(selectionSet) ?? this.#selectionSetIds.size
    this.#selectionSetIds.set(selectionSet, id)
    return id
  }
}

function isNodeOfEdge(parent: GraphQLObjectType, node: FieldNode): boolean {
  return node.name.value === 'node' && parent.name.endsWith('Edge')
}
