import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { firstLoad, firstLoadGroups } from './first-load.ts'

const fromRoot = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

export default defineConfig({
  root: import.meta.dirname,
  // The client library is built from its sources, so that the app never waits for another build.
  resolve: {
    alias: [
      { find: /^segue-client\/(.+)$/, replacement: fromRoot('client/src/$1/index.ts') },
      { find: /^segue-client$/, replacement: fromRoot('client/src/index.ts') },
    ],
  },
  plugins: [firstLoad()],
  oxc: { jsx: { runtime: 'automatic' } },
  // Workers load the grammars that they need.
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    outDir: 'dist',
    emptyOutDir: true,
    // The Content-Security-Policy allows no data: URLs in scripts and fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: 'build-manifest.json',
    chunkSizeWarningLimit: 4000,
    // Components that servers may render say where they run. Here they all run in the browser.
    rolldownOptions: {
      // Diagrams are drawn in a page of their own: see src/diagram-frame.
      input: [fromRoot('web/index.html'), fromRoot('web/diagram.html')],
      checks: { moduleLevelDirective: false },
      output: { codeSplitting: { groups: firstLoadGroups } },
    },
  },
  // `npm run dev` in this folder shows the app while it changes, with the server of `npm start`.
  server: {
    host: '127.0.0.1',
    proxy: { '/graphql': { target: 'http://127.0.0.1:4000', ws: true }, '/files': 'http://127.0.0.1:4000' },
  },
})
