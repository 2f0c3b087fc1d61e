import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AccessTokens } from '../auth/access-tokens.ts'
import type { Authenticator } from '../auth/authenticator.ts'
import { negotiateMediaType } from '../http/accept-header.ts'
import { createPageHeaders } from '../page-headers.ts'
import type { PublicRequestHandler } from '../http/router.ts'
import { signInPath } from './sign-in-handlers.ts'

const style = `
:root { color-scheme: light dark; font: 15px/1.5 ui-sans-serif, system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: light-dark(#f6f6f4, #111315); color: light-dark(#1d1f22, #e7e8ea); }
main { box-sizing: border-box; width: min(24rem, 100vw); padding: 2rem; border-radius: 1rem; background: light-dark(#fff, #17191c); border: 1px solid light-dark(#e2e1dc, #2b2f35); }
h1 { margin: 0 0 0.5rem; font-size: 1.25rem; }
p { margin: 0 0 1rem; color: light-dark(#5d6167, #a3a9b1); }
label { display: block; margin-bottom: 0.25rem; font-weight: 600; }
input, button { box-sizing: border-box; width: 100%; font: inherit; padding: 0.5rem 0.75rem; border-radius: 0.375rem; }
input { border: 1px solid light-dark(#8b8d91, #6f757d); background: transparent; color: inherit; }
button { margin-top: 1rem; border: 0; font-weight: 600; background: light-dark(#24618a, #7cb7de); color: light-dark(#fff, #0d1a24); cursor: pointer; }
button:disabled { opacity: 0.6; cursor: progress; }
:focus-visible { outline: 2px solid light-dark(#24618a, #7cb7de); outline-offset: 2px; }
[role=alert]:not(:empty) { margin: 1rem 0 0; color: light-dark(#b02a2a, #f08f8a); }
code { font-family: ui-monospace, monospace; }
`

// A link of another site opens the page without the cookie, since that is SameSite=Strict. The page itself has it.
const script = `
if (!history.state?.isRetried) {
  history.replaceState({ isRetried: true }, '')
  fetch(location.href, { headers: { accept: 'text/html' } }).then((response) => {
    if (response.ok && location.pathname !== '${signInPath}') location.reload()
  })
}
const form = document.querySelector('form')
const input = document.querySelector('input')
const button = document.querySelector('button')
const error = document.querySelector('[role=alert]')
form.addEventListener('submit', async (event) => {
  event.preventDefault()
  button.disabled = true
  error.textContent = ''
  try {
    const response = await fetch('${signInPath}', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: input.value }),
    })
    if (response.ok) return location.pathname === '${signInPath}' ? location.replace('/') : location.reload()
    error.textContent = response.status === 401 ? 'This token is not valid.' : (await response.json()).errors[0].message
  } catch {
    error.textContent = 'The server does not answer. Try again.'
  }
  button.disabled = false
  input.select()
})
`

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in – Segue</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Sign in to Segue</h1>
<p>Enter the token that you were given. Whoever runs the server creates one with <code>segue token</code>.</p>
<form>
<label for="token">Token</label>
<input id="token" type="password" autocomplete="current-password" required autofocus>
<button>Sign in</button>
<p role="alert"></p>
</form>
</main>
<script>${script}</script>
</body>
</html>
`

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  ...createPageHeaders({ 'script-src': hashOf(script), 'style-src': hashOf(style), 'connect-src': "'self'" }),
  vary: 'accept, cookie',
}

/** Sends the page with the form. It loads nothing, and works at every path. */
export const handleSignInPage: PublicRequestHandler = (_, response) => {
  response.writeHead(200, headers).end(page)
}

/** Shows the form to browsers that open any page, the app or the playground, without having signed in. Others are for `next`. */
export function createSignInGate(
  tokens: AccessTokens,
  authenticator: Authenticator,
  next: PublicRequestHandler,
): PublicRequestHandler {
  const show = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if ((await authenticator.findViewer(request)) !== null) return next(request, response)
    response.writeHead(401, { ...headers, 'www-authenticate': 'Bearer realm="Segue"' }).end(page)
  }
  return (request, response) =>
    tokens.areRequired && opensPage(request) ? show(request, response) : next(request, response)
}

/** Whether a browser opens a page, rather than loads a part of one. */
function opensPage({ method, headers: { accept } }: IncomingMessage): boolean {
  return method === 'GET' && negotiateMediaType(accept, ['application/json', 'text/html']) === 'text/html'
}
