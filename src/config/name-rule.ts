/** What profiles and providers may be called. Such a name is safe in a path, and before the slash of a model's id. */
export const namePattern = /^[a-z0-9][a-z0-9_-]{0,63}$/

/** The same in words, behind "it has" or "named by". */
export const nameRule = '1 to 64 of a-z, 0-9, - and _, beginning with a letter or a digit'
