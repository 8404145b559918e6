import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

// A theme that was chosen holds before the first pixel is drawn, so its script is not a module
// and blocks. It is a file: the policy of pages allows no script within them.
function themeScript(): Plugin {
  const source = readFileSync(new URL('src/theme/before-paint.js', import.meta.url), 'utf8');
  const fileName = `assets/theme-${hash(source)}.js`;
  return {
    name: 'theme-script',
    apply: 'build',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName, source });
    },
    transformIndexHtml: () => [{ tag: 'script', attrs: { src: `/${fileName}` }, injectTo: 'head-prepend' }],
  };
}

// GraphiQL's style sheet has its fonts within it, in base64: 300 KB that are loaded whether or
// not they are used, and that font-src 'self' forbids. As files they are neither.
function fontsAsFiles(): Plugin {
  const types: Record<string, string> = { 'font/woff2': 'woff2', 'font/woff': 'woff', 'font/ttf': 'ttf' };
  return {
    name: 'fonts-as-files',
    apply: 'build',
    generateBundle(_, bundle) {
      for (const output of Object.values(bundle)) {
        if (output.type !== 'asset' || !output.fileName.endsWith('.css')) continue;
        output.source = String(output.source).replace(/url\("?data:([\w/+-]+);base64,([^")]+)"?\)/g, (whole, type: string, data: string) => {
          const ending = types[type];
          if (!ending) return whole;
          const source = Buffer.from(data, 'base64');
          const fileName = `assets/font-${hash(source)}.${ending}`;
          this.emitFile({ type: 'asset', fileName, source });
          return `url(/${fileName})`;
        });
      }
    },
  };
}

// The gateway serves these beside each asset, so that no answer is compressed anew.
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    closeBundle() {
      const folder = new URL('dist/assets/', import.meta.url).pathname;
      for (const name of readdirSync(folder)) {
        if (!/\.(js|css|svg|ttf|md)$/.test(name)) continue;
        const content = readFileSync(join(folder, name));
        const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
        for (const [ending, packed] of [['.br', brotliCompressSync(content, { params })], ['.gz', gzipSync(content, { level: 9 })]] as const) {
          if (packed.length < content.length) writeFileSync(join(folder, name + ending), packed);
        }
      }
    },
  };
}

function hash(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('base64url').slice(0, 8);
}

export default defineConfig({
  plugins: [react(), themeScript(), fontsAsFiles(), compressed()],
  build: {
    assetsInlineLimit: 0, // the policy has no data: for scripts, styles and fonts
    modulePreload: { polyfill: false },
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    chunkSizeWarningLimit: 5000, // GraphiQL's editor
    reportCompressedSize: false,
    rolldownOptions: {
      input: { index: 'index.html', graphiql: 'graphiql.html' },
      // "use no memo" speaks to React's compiler, which is not used here.
      onLog: (level, log, log_) => log.code !== 'MODULE_LEVEL_DIRECTIVE' && log_(level, log),
    },
  },
  server: {
    fs: { allow: ['..'] }, // the guide that the status page links to
    proxy: Object.fromEntries(['/graphql', '/auth', '/ai', '/export', '/status.json'].map((path) => [path, process.env.AIUSAGE_URL ?? 'http://127.0.0.1:8080'])),
  },
});
