type WithoutNulls<Fields> = { readonly [Name in keyof Fields]?: NonNullable<Fields[Name]> }

/** The fields that have a value: the wire has null where the model has no field. */
export function omitNulls<Fields extends object>(fields: Fields): WithoutNulls<Fields>
export function omitNulls(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined))
}
