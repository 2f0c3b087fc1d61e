import manifest from '../../../package.json' with { type: 'json' }

/** The version of Segue, for example `0.1.0`. */
export const segueVersion: string = manifest.version
