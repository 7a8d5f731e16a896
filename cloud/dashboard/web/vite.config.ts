import { brotliCompressSync, gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** Packed copies beside each text file, so that the server compresses nothing while a race runs. */
function packedCopies(): Plugin {
  return {
    name: 'packed-copies',
    enforce: 'post',
    generateBundle(_, bundle) {
      for (const [fileName, output] of Object.entries(bundle)) {
        if (!/\.(js|css|html|svg)$/.test(fileName)) continue;
        const source = output.type === 'chunk' ? output.code : output.source;
        this.emitFile({ type: 'asset', fileName: `${fileName}.br`, source: brotliCompressSync(source) });
        this.emitFile({ type: 'asset', fileName: `${fileName}.gz`, source: gzipSync(source, { level: 9 }) });
      }
    },
  };
}

export default defineConfig({
  base: './',
  build: {
    outDir: '../../../dist/cloud/dashboard/web',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    // A small picture as a data: URL would be refused by the page's own security policy.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  plugins: [packedCopies()],
});
