import js from '@eslint/js';
import vue from 'eslint-plugin-vue';
import ts from 'typescript-eslint';

/* What the compilers do not find: mistakes, not looks. */
export default ts.config(
    { ignores: ['dist/', 'node_modules/', 'plain/', 'src/api/schema.d.ts'] },
    js.configs.recommended,
    ...ts.configs.strict,
    ...vue.configs['flat/essential'],
    {
        files: ['**/*.vue'],
        languageOptions: { parserOptions: { parser: ts.parser } },
    },
    {
        rules: {
            // vue-tsc knows the names
            'no-undef': 'off',
            '@typescript-eslint/no-non-null-assertion': 'off',
            '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
            eqeqeq: ['error', 'always', { null: 'ignore' }],
            'no-alert': 'error',
            'no-console': 'error',
            'no-eval': 'error',
            'vue/multi-word-component-names': 'off',
            'vue/no-v-html': 'error',
            'vue/no-v-text-v-html-on-component': 'error',
            'vue/require-explicit-emits': 'error',
            'vue/no-ref-object-reactivity-loss': 'error',
            'vue/padding-line-between-blocks': 'error',
        },
    },
    { files: ['test/*.mjs'], rules: { 'no-console': 'off' } },
);
