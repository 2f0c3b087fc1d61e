import { Notifier } from '../../../lib/async/notifier.ts'
import type { ChangeNotifier } from '../../change-notifier.ts'

/** Wakes those who wait in this process, and has the other processes told. */
export class PostgresChangeNotifier extends Notifier implements ChangeNotifier {
  readonly #publish: () => void

  /** `publish` tells the other processes. */
  constructor(publish: () => void) {
    super()
    this.#publish = publish
  }

  override notify(): void {
    super.notify()
    if (!this.isClosed) this.#publish()
  }

  /** Another process has changed what this is about, or may have. */
  notifyLocally(): void {
    super.notify()
  }
}
