// A file of its own: it runs while the rest of the app is loaded and compiled, so that the answers are there when that renders.
import { preloadFirstView } from './preload-first-view.ts'

preloadFirstView()
