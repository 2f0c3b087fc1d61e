import {
  defaultFieldResolver,
  defaultTypeResolver,
  type FieldNode,
  getArgumentValues,
  getNullableType,
  type GraphQLAbstractType,
  GraphQLBoolean,
  type GraphQLField,
  type GraphQLFieldResolver,
  GraphQLID,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  GraphQLString,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type ValidatedExecutionArgs,
} from 'graphql'
import { collectSelectedFields } from '../limits/selected-fields.ts'
import { createPlanResolveInfo } from './plan-resolve-info.ts'

/** How the value of a resolver becomes a part of the response. */
export type ValuePlan = {
  readonly isNonNull: boolean
  /** Of leaves: the result of `typeof` for values that are written as they are. */
  readonly uncoercedType: 'string' | 'boolean' | null
} & (
  | { readonly kind: 'leaf'; readonly coerceOutputValue: (value: unknown) => unknown }
  | { readonly kind: 'list'; readonly item: ValuePlan }
  | { readonly kind: 'object'; readonly info: GraphQLResolveInfo; readonly selection: SelectionPlan }
  | {
      readonly kind: 'abstract'
      readonly info: GraphQLResolveInfo
      readonly type: GraphQLAbstractType
      readonly findSelection: (typeName: string) => SelectionPlan
    }
)

/** What an object becomes. Made when the first object of its type is completed. */
export interface SelectionPlan {
  readonly type: GraphQLObjectType
  /** An object with all names of the response in their order. Copies of it are faster than objects that grow. */
  readonly template: Readonly<Record<string, null>>
  readonly fields: readonly FieldPlan[]
  /** Those of `fields` that are leaves, and properties of their object: see `findFixedPart`. */
  readonly fixedFields: readonly FieldPlan[]
  /** The other ones of `fields`. */
  readonly otherFields: readonly FieldPlan[]
}

export interface FieldPlan {
  readonly responseName: string
  /** Null: the field is a property of its object. */
  readonly resolve: GraphQLFieldResolver<unknown, unknown> | null
  readonly propertyName: string
  /** Values that do not depend on variables are computed once. */
  readonly getArguments: (variables: ValidatedExecutionArgs['variableValues']) => Readonly<Record<string, unknown>>
  readonly info: GraphQLResolveInfo
  readonly value: ValuePlan
}

/** What has to be done for an operation, apart from the values of its variables other than booleans. */
export class OperationPlan {
  readonly root: SelectionPlan
  readonly #args: ValidatedExecutionArgs

  /** Throws for an operation that plans do not support. */
  constructor(args: ValidatedExecutionArgs, rootType: GraphQLObjectType) {
    this.#args = args
    this.root = this.#planSelection(rootType, [args.operation])
  }

  #planSelection(type: GraphQLObjectType, nodes: readonly Pick<FieldNode, 'selectionSet'>[]): SelectionPlan {
    const { schema, fragmentDefinitions, variableValues } = this.#args
    const fields = collectSelectedFields(
      type,
      nodes.flatMap(({ selectionSet }) => selectionSet ?? []),
      { schema, fragments: new Map(Object.entries(fragmentDefinitions)), variables: variableValues.coerced },
    )
    const plans = [...fields].map(([name, fieldNodes]) => this.#planField(type, name, fieldNodes))
    const template = Object.fromEntries(plans.map(({ responseName }) => [responseName, null]))
    const isFixed = ({ resolve, value }: FieldPlan): boolean => resolve === null && value.kind === 'leaf'
    const [fixedFields, otherFields] = [plans.filter(isFixed), plans.filter((plan) => !isFixed(plan))]
    return { type, template, fields: plans, fixedFields, otherFields }
  }

  #planField(parentType: GraphQLObjectType, responseName: string, nodes: readonly FieldNode[]): FieldPlan {
    const [node] = nodes
    const field = node && this.#args.schema.getField(parentType, node.name.value)
    // As a property, this name would replace the prototype.
    if (!field || responseName === '__proto__') throw new Error('The field is not supported.')
    if (field.name === '__schema' || field.name === '__type') throw new Error('Introspection is not supported.')
    const info = createPlanResolveInfo(this.#args, field, parentType, nodes)
    return {
      responseName,
      resolve: field.resolve === defaultFieldResolver ? null : (field.resolve ?? null),
      propertyName: field.name,
      getArguments: this.#planArguments(field, node),
      info,
      value: this.#planValue(field.type, info),
    }
  }

  #planArguments(field: GraphQLField<unknown, unknown>, node: FieldNode): FieldPlan['getArguments'] {
    const constant = JSON.stringify(node.arguments ?? []).includes('"kind":"Variable"')
      ? null
      : getArgumentValues(field, node, this.#args.variableValues)
    return (variables) => constant ?? getArgumentValues(field, node, variables)
  }

  #planValue(outputType: GraphQLOutputType, info: GraphQLResolveInfo): ValuePlan {
    const isNonNull = isNonNullType(outputType)
    const type = getNullableType(outputType)
    const { fieldNodes } = info
    if (isLeafType(type)) {
      const coerceOutputValue = (value: unknown): unknown => type.coerceOutputValue(value)
      return { kind: 'leaf', isNonNull, uncoercedType: findUncoercedType(type), coerceOutputValue }
    }
    if (isListType(type))
      return { kind: 'list', isNonNull, uncoercedType: null, item: this.#planValue(type.ofType, info) }
    const planSelection = (objectType: GraphQLObjectType): SelectionPlan => this.#planSelection(objectType, fieldNodes)
    if (isObjectType(type)) {
      let selection: SelectionPlan | null = null
      return {
        ...{ kind: 'object', isNonNull, uncoercedType: null, info },
        get selection() {
          return (selection ??= planSelection(type))
        },
      }
    }
    const findSelection = memoize((name) => planSelection(this.#requirePossibleType(type, name)))
    return { kind: 'abstract', isNonNull, uncoercedType: null, info, type, findSelection }
  }

  #requirePossibleType(abstractType: GraphQLAbstractType, name: string): GraphQLObjectType {
    const { schema } = this.#args
    const type = schema.getType(name)
    if (isObjectType(type) && isAbstractType(abstractType) && schema.isSubType(abstractType, type)) return type
    throw new Error(`${name} is no possible type of ${abstractType.name}.`)
  }
}

/** The name of the type of an object behind an interface or a union. Throws if it is not known at once. */
export function resolveTypeName(
  value: unknown,
  context: unknown,
  { type, info }: Extract<ValuePlan, { kind: 'abstract' }>,
): string {
  const name = (type.resolveType ?? defaultTypeResolver)(value, context, info, type)
  if (typeof name === 'string') return name
  throw new Error('The type of the object is not known.')
}

function findUncoercedType(type: GraphQLLeafType): 'string' | 'boolean' | null {
  if (type === GraphQLString || type === GraphQLID) return 'string'
  return type === GraphQLBoolean ? 'boolean' : null
}

function memoize(create: (name: string) => SelectionPlan): (name: string) => SelectionPlan {
  const plans = new Map<string, SelectionPlan>()
  return (name) => {
    const plan = plans.get(name) ?? create(name)
    plans.set(name, plan)
    return plan
  }
}
