/**
 * Wordings that refuse a system message. Texts are in lower case. Chat templates of local models reject it as a role that does
 * not alternate with the others: those of Segue's requests always do.
 */
export const systemRoleRefusalWording = new RegExp(
  [
    'system.?(role|message|prompt|instruction)s?\\W{0,3} ?((is|are) )?(not |un)(currently )?(supported|enabled|allowed)',
    "(not|n't) support (the )?\\W?system\\W? ?(role|message|prompt|instruction|with this model)",
    'developer instruction is not enabled', // Gemma at Google
    'conversation roles must alternate', // Mistral, Gemma
    'only user and assistant roles are supported', // Mistral
    'unexpected role.{0,3}system',
  ].join('|'),
)
