import { maxInstructionsLength } from '../../model/answer-settings/instructions.ts'

/** How long instructions can be, as a phrase of a description. */
export const instructionsLengthDescription = `up to ${maxInstructionsLength.toLocaleString('en-US')} characters.`
