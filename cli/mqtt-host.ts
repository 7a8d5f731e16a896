/** Where a program on this machine reaches a broker that listens on `listen`: one that listens everywhere, by loopback. */
export function mqttHostFor(listen: string): string {
  return listen === '0.0.0.0' || listen === '::' ? '127.0.0.1' : listen;
}
