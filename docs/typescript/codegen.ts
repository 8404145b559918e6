import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  // Where the gateway is not at hand as source: `aiusage schema > schema.graphqls`.
  schema: '../../schema.graphqls',
  documents: ['src/**/*.graphql'],
  importExtension: '.js',
  generates: {
    'src/generated/': {
      preset: 'client',
      presetConfig: {
        fragmentMasking: false,
        // Writes src/generated/persisted-documents.json, a manifest for
        // `aiusage serve --persisted-documents`, and puts each hash beside its document.
        persistedDocuments: { hashAlgorithm: 'sha256' },
      },
      config: {
        // Documents are strings with types, so that nothing of GraphQL has to be in the browser.
        documentMode: 'string',
        enumsAsTypes: true,
        // A scalar that is not listed is an error instead of `any`.
        strictScalars: true,
        scalars: {
          ID: 'string',
          // A day, such as 2026-03-01.
          Date: 'string',
          // RFC 3339, for `new Date(…)`.
          DateTime: 'string',
          // A JSON number, exact up to Number.MAX_SAFE_INTEGER.
          Int64: 'number',
        },
        useTypeImports: true,
        skipTypename: true,
        // What was asked for is in the answer: null perhaps, but not undefined.
        avoidOptionals: { field: true },
      },
    },
  },
};

export default config;
