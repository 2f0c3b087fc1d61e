import { computeMessageDigest } from 'segue-client'
import type { LiveChatMessage } from 'segue-client/react'
import { useEffect, useState } from 'react'

/** `same`: what the page shows is what the server has saved. Null: not known, or not known yet. */
export type DigestCheck = 'same' | 'different' | null

/** Compares an answer that was followed to its end with the digest that was saved. */
export function useDigestCheck(message: LiveChatMessage): DigestCheck {
  const [check, setCheck] = useState<DigestCheck>(null)
  const { savedDigest } = message
  useEffect(() => {
    if (savedDigest === null) return
    let isShown = true
    computeMessageDigest(message).then(
      (digest) => isShown && setCheck(digest === savedDigest ? 'same' : 'different'),
      // Pages that were not opened over https or on localhost cannot compute digests.
      () => {},
    )
    return () => {
      isShown = false
    }
  }, [message, savedDigest])
  return check
}
