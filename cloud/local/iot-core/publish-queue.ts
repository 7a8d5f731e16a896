/** Tells aedes that a publish is admitted (PUBACK, then subscribers) or, with an error, to close the connection. */
export type PublishDone = (error?: Error | null) => void;

interface Waiting<T> {
  packet: T;
  done: PublishDone;
}

/**
 * One publish of a connection at a time, in the order of arrival. Aedes asks about each as it is read, and what is answered
 * later is overtaken by what is answered at once: order would be lost. Bounded by what a socket may hold unread: aedes
 * reads on only when everything read is done.
 */
export class PublishQueue<T> {
  readonly #admit: (packet: T) => void | Promise<void>;
  readonly #waiting: Waiting<T>[] = [];
  #busy = false;

  /** `admit` throws or rejects to refuse; it returns a promise only when it must wait. */
  constructor(admit: (packet: T) => void | Promise<void>) {
    this.#admit = admit;
  }

  push(packet: T, done: PublishDone): void {
    if (this.#busy) this.#waiting.push({ packet, done });
    else this.#run({ packet, done });
  }

  /** Forgets what waits, and says how many that were: a connection that ended gets no PUBACK. */
  close(): number {
    return this.#waiting.splice(0).length;
  }

  #run({ packet, done }: Waiting<T>): void {
    let pending: void | Promise<void>;
    try {
      pending = this.#admit(packet);
    } catch (error) {
      done(error as Error);
      return;
    }
    if (pending === undefined) {
      done(null);
      return;
    }
    this.#busy = true;
    pending.then(
      () => this.#finish(done, null),
      (error: Error) => this.#finish(done, error),
    );
  }

  #finish(done: PublishDone, error: Error | null): void {
    done(error);
    this.#busy = false;
    while (!this.#busy && this.#waiting.length > 0) this.#run(this.#waiting.shift() as Waiting<T>);
  }
}
