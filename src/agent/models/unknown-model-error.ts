import { SegueError } from '../../lib/errors.ts'

/**
 * A model id that names no model of the profile. Its `path` is empty, because the id may come from a stored session. The
 * schema sets the path if the id comes from an argument of the request.
 */
export class UnknownModelError extends SegueError {
  readonly modelId: string

  constructor(modelId: string, message: string) {
    super('BAD_USER_INPUT', message, { path: [] })
    this.modelId = modelId
  }
}
