import { createPageHeaders } from '../page-headers.ts'

const commonHeaders = {
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  vary: 'accept, accept-encoding',
} as const

/**
 * The headers of the web app's files. Scripts, styles and fonts come from this server alone. A style attribute that a script
 * sets is no inline style, so that none has to be allowed.
 */
export const webAppHeaders = {
  ...createPageHeaders({
    'script-src': "'self'",
    'style-src': "'self'",
    'font-src': "'self'",
    // Pictures of messages: blobs that were fetched, previews of pasted files, drawn diagrams. Never those of other servers.
    'img-src': "'self' blob: data:",
    'media-src': "'self' blob:",
    // Chromium sometimes counts a preview, which is a blob of this page, as a connection.
    'connect-src': "'self' blob:",
    'worker-src': "'self'",
    'frame-src': "'self'",
    'manifest-src': "'self'",
  }),
  ...commonHeaders,
} as const

/** The page of the app that draws diagrams, within a frame of the app. */
export const diagramPagePath = '/diagram.html'

/**
 * The headers of that page. Drawing needs styles in the document. It has no more than its own script: it can load and send
 * nothing, and what it draws is shown as an image by the app.
 */
export const diagramPageHeaders = {
  ...createPageHeaders({ 'script-src': "'self'", 'style-src': "'unsafe-inline'", 'frame-ancestors': "'self'" }),
  ...commonHeaders,
} as const
