import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { SourceProcess } from '../../../../helpers/source-process.js';
import { RegistryFolder } from './helpers.js';

const CHILD = fileURLToPath(new URL('./registry-child.ts', import.meta.url));

it('what the registry accepted is there after kill −9 in the middle of writing, relations too', async () => {
  const folder = await RegistryFolder.open();
  await folder.registry.close();
  const writer = new SourceProcess(CHILD, folder.dir);
  await writer.printed(25);
  await writer.kill();
  await folder.reopen();
  for (const line of writer.lines) {
    const [certificateId, thingName] = line.split(' ');
    expect(folder.registry.find(certificateId)).toEqual({
      certificateId,
      status: 'ACTIVE',
      policies: ['{"v":1}'],
      things: [{ thingName, attributes: {}, exclusive: true }],
    });
  }
  expect(folder.registry.templates.defaultBody('fleet')).toBe('{"Resources":{}}');
  await folder.remove();
});
