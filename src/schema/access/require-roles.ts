import type { GraphQLField, GraphQLObjectType, GraphQLSchema } from 'graphql'
import { SegueError } from '../../lib/errors.ts'
import { hasRole, type ViewerRole } from '../../model/viewer.ts'
import type { Context } from '../context.ts'
import { rootFieldRoles } from './root-field-roles.ts'

type RootField = GraphQLField<unknown, Context>

/**
 * Makes every root field of a schema FORBIDDEN for viewers without its role, before its arguments are looked at. Throws
 * if a root field has no role, or a role has no field. Changes the schema.
 */
export function requireRoles(schema: GraphQLSchema): GraphQLSchema {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
  for (const root of roots) if (root) requireRolesOfType(root)
  return schema
}

function requireRolesOfType(root: GraphQLObjectType<unknown, Context>): void {
  const fields = root.getFields()
  const roles = new Map(Object.entries(rootFieldRoles[root.name] ?? {}))
  for (const [name, field] of Object.entries(fields)) {
    const role = roles.get(name)
    if (role === undefined) throw new Error(`${root.name}.${name} has no role. Add it to rootFieldRoles.`)
    requireRole(field, role)
  }
  for (const name of roles.keys())
    if (!Object.hasOwn(fields, name)) throw new Error(`rootFieldRoles has ${root.name}.${name}, which does not exist.`)
}

function requireRole(field: RootField, role: ViewerRole): void {
  const { resolve, subscribe } = field
  const assertRole = ({ viewer }: Context): void => {
    if (hasRole(viewer, role)) return
    const message = `${field.name} needs a token with the role ${role}. Yours has the role ${viewer.role}.`
    throw new SegueError('FORBIDDEN', message)
  }
  // A subscription is checked when it starts. Its events are resolved for as long as it lasts.
  if (subscribe) {
    field.subscribe = (source, args, context, info) => {
      assertRole(context)
      return subscribe(source, args, context, info)
    }
  } else if (resolve) {
    field.resolve = (source, args, context, info) => {
      assertRole(context)
      return resolve(source, args, context, info)
    }
  }
}
