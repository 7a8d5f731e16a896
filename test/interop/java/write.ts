/**
 * Writes what is committed of Java's answers again. Needs a JDK and Joda-Time (`test/interop/install.sh`).
 *
 *     node --conditions=source --import tsx test/interop/java/write.ts
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../helpers/tree.js';
import { FILES, filesOf } from './generate.js';
import { hasJdk, jodaJar } from './oracle.js';

const jar = jodaJar();
if (jar === undefined || !hasJdk()) throw new Error('A JDK and joda-time.jar are needed: test/interop/install.sh');
const made = filesOf(jar);
for (const file of FILES) writeFileSync(join(ROOT, file), made[file]);
