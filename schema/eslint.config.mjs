// The rules of GraphQL-ESLint for schemas, recommended and Relay's, each exception with its reason.
// Run from the root of the repository, where the schema is: make schema-check.
import graphql from '@graphql-eslint/eslint-plugin';

const recommended = graphql.configs['flat/schema-recommended'].rules;
const [, naming] = recommended['@graphql-eslint/naming-convention'];

export default [
  {
    files: ['**/*.graphqls'],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema: 'schema.graphqls' } } },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...recommended,
      ...graphql.configs['flat/schema-relay'].rules,
      // The roles are called as the contract, tokens and the command line call them.
      '@graphql-eslint/naming-convention': [
        'error',
        { ...naming, EnumValueDefinition: { style: 'UPPER_CASE', ignorePattern: '^(System|Account)Administrator$' } },
      ],
      // Stricter than recommended: everything says what it means.
      '@graphql-eslint/require-description': [
        'error',
        { types: true, rootField: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true, DirectiveDefinition: true },
      ],
      // Descriptions of one line are on one line; only longer ones are blocks.
      '@graphql-eslint/description-style': 'off',
      // Ids are called as the old contract, the files and the tables have them: `Account.accountId` is
      // what `accountId` takes, beside `id`, which names the object for caches.
      '@graphql-eslint/no-typename-prefix': 'off',
      // What has no id is a part of what it is in, and nothing by itself: how an answer was read, what a change is made of.
      '@graphql-eslint/strict-id-in-types': [
        'error',
        {
          exceptions: {
            types: ['PageInfo', 'AIUsagePlan', 'AIUsagePlanPiece', 'AIUsageSpan', 'AIUsageDrivers', 'AIUsageDriver', 'AIUsageDriversRest'],
            suffixes: ['Connection', 'Edge'],
          },
        },
      ],
      // Lists are also plain: all rows for exports, the points of a series, and `nodes` beside `edges`.
      '@graphql-eslint/relay-edge-types': ['error', { withEdgeSuffix: true, shouldImplementNode: true, listTypeCanWrapOnlyEdgeType: false }],
    },
  },
];
