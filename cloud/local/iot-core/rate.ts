import type { IotCoreLimits } from './limits.js';

/**
 * What a connection may publish: so many messages and bytes a second of race time, a second's worth at once. Time comes
 * with each call.
 */
export class PublishRate {
  readonly #messagesPerMs: number;
  readonly #bytesPerMs: number;
  readonly #messagesMax: number;
  readonly #bytesMax: number;
  #messages: number;
  #bytes: number;
  #atMs: number;

  constructor(limits: Pick<IotCoreLimits, 'publishesPerSecond' | 'bytesPerSecond' | 'payloadBytes'>, nowMs: number) {
    this.#messagesMax = limits.publishesPerSecond;
    // A message of the greatest size must be possible, however small the rate.
    this.#bytesMax = Math.max(limits.bytesPerSecond, limits.payloadBytes);
    this.#messagesPerMs = limits.publishesPerSecond / 1000;
    this.#bytesPerMs = limits.bytesPerSecond / 1000;
    this.#messages = this.#messagesMax;
    this.#bytes = this.#bytesMax;
    this.#atMs = nowMs;
  }

  /** Takes one message of `bytes` and returns 0, or takes nothing and returns the race ms until it will be allowed. */
  take(bytes: number, nowMs: number): number {
    const elapsedMs = nowMs - this.#atMs;
    if (elapsedMs > 0) {
      this.#messages = Math.min(this.#messagesMax, this.#messages + elapsedMs * this.#messagesPerMs);
      this.#bytes = Math.min(this.#bytesMax, this.#bytes + elapsedMs * this.#bytesPerMs);
      this.#atMs = nowMs;
    }
    if (this.#messages >= 1 && this.#bytes >= bytes) {
      this.#messages -= 1;
      this.#bytes -= bytes;
      return 0;
    }
    return Math.max((1 - this.#messages) / this.#messagesPerMs, (bytes - this.#bytes) / this.#bytesPerMs);
  }
}
