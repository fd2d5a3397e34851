import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import vueI18n from '@intlify/unplugin-vue-i18n/vite';
import vue from '@vitejs/plugin-vue';
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers';
import components from 'unplugin-vue-components/vite';
import { defineConfig, type Plugin } from 'vite';
import { writeLicences } from './vite.licences';

const here = dirname(fileURLToPath(import.meta.url));

writeLicences(here);

/** Beside every text file its .gz and .br, for gzip_static and brotli_static. */
function precompress(): Plugin {
    const walk = (dir: string): string[] => readdirSync(dir)
        .map((name) => join(dir, name))
        .flatMap((path) => (statSync(path).isDirectory() ? walk(path) : [path]));

    return {
        name: 'precompress',
        apply: 'build',
        closeBundle() {
            for (const path of walk(resolve(here, 'dist'))) {
                const data = readFileSync(path);
                if (data.length < 1024 || !/\.(js|css|html|svg|json)$/.test(path)) {
                    continue;
                }
                writeFileSync(`${path}.gz`, gzipSync(data, { level: 9 }));
                writeFileSync(`${path}.br`, brotliCompressSync(data, {
                    params: {
                        [constants.BROTLI_PARAM_QUALITY]: 11,
                        [constants.BROTLI_PARAM_SIZE_HINT]: data.length,
                    },
                }));
            }
        },
    };
}

export default defineConfig({
    root: here,
    resolve: { alias: { '@': resolve(here, 'src') } },
    plugins: [
        vue(),
        vueI18n({
            include: resolve(here, 'src/lang/*.json'),
            runtimeOnly: true,
            compositionOnly: true,
            fullInstall: false,
            dropMessageCompiler: true,
        }),
        components({
            dirs: [],
            dts: false,
            resolvers: [ElementPlusResolver({ importStyle: 'css' })],
        }),
        precompress(),
    ],
    build: {
        target: 'es2020',
        outDir: 'dist',
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        chunkSizeWarningLimit: 1700,
        rollupOptions: {
            input: [resolve(here, 'index.html'), resolve(here, 'docs.html')],
            output: {
                manualChunks(id) {
                    if (/node_modules\/(echarts|zrender)\//.test(id)) {
                        return 'charts';
                    }
                    if (/node_modules\/(@vue|vue|vue-router|pinia|@intlify|vue-i18n)\//.test(id)) {
                        return 'vue';
                    }
                    return undefined;
                },
            },
        },
    },
    server: { proxy: { '/api': process.env.TAIFISH_URL ?? 'http://127.0.0.1:8080' } },
});
