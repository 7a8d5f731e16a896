import type { Reporter, TestModule } from 'vitest/node';

/** One closing line that any tool can read: `pitwall: 12 passed, 0 failed, 1 skipped`. */
export default class PlainReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) count[test.result().state]++;
      // A file that could not be read has no tests to count, but it failed.
      if (module.errors().length > 0) count.failed++;
    }
    process.stdout.write(`pitwall: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`);
  }
}
