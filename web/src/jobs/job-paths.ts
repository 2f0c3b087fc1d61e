import { routes } from '../routing/routes.ts'

/** The path of a job. Ids of Hermes may have any characters. */
export const toJobPath = (id: string): string => `${routes.jobs}/${encodeURIComponent(id)}`

export const toJobEditPath = (id: string): string => `${toJobPath(id)}/edit`

export const newJobPath = `${routes.jobs}/new`
