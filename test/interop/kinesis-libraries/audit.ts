/** A user record as somebody was given it. */
export interface Delivery {
  key: string;
  number: number;
}

/**
 * What several owners of the same leases were given, one after the other: by owner how many of its records had been
 * delivered before, and, key by key, the numbers in the order of their first delivery.
 */
export function audit(owners: readonly (readonly Delivery[])[]): { again: number[]; firsts: Map<string, number[]> } {
  const seen = new Map<string, Set<number>>();
  const again = owners.map((deliveries) => {
    let count = 0;
    for (const { key, number } of deliveries) {
      const numbers = seen.get(key) ?? new Set();
      seen.set(key, numbers);
      if (numbers.has(number)) count++;
      numbers.add(number);
    }
    return count;
  });
  return { again, firsts: new Map([...seen].map(([key, numbers]) => [key, [...numbers]])) };
}
