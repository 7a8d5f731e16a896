/** A process to be killed: puts versions of three records and takes a fourth away, and prints what is on disk. */
import { RecordStore } from '#cloud/local/iot-core/record-store.js';

const store = await RecordStore.open<{ version: number }>(process.argv[2]);
for (let version = 1; ; version++) {
  await Promise.all([
    store.put('a', { version: 0 }),
    store.put('a', { version }),
    store.put('b', { version }),
    store.write([
      [`gone ${version - 1}`, undefined],
      [`gone ${version}`, { version }],
    ]),
  ]);
  process.stdout.write(`${version}\n`);
}
