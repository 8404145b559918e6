// Says what graphql-js makes of operations: reads the schema named by the first
// argument, then one request as JSON on each line of standard input, and answers each
// by a line with the stage that refused it ("" where none did) and the first error.
// Resolvers are made up, so that what is coerced in execution counts as well.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  buildSchema, defaultFieldResolver, execute, getNamedType, getNullableType, isAbstractType, isEnumType, isListType, isObjectType,
  parse, subscribe, validate,
} from 'graphql';

const schema = buildSchema(readFileSync(process.argv[2], 'utf8'));
const scalars = { Int: 1, Int64: 1, Float: 0.5, Boolean: true };

const madeUp = (type) => {
  const nullable = getNullableType(type);
  if (isListType(nullable)) return [madeUp(nullable.ofType)];
  if (isObjectType(nullable)) return {};
  if (isAbstractType(nullable)) return null; // ids that are made up stand for nothing
  if (isEnumType(nullable)) return nullable.getValues()[0].value;
  return scalars[getNamedType(type).name] ?? 'text';
};
const fieldResolver = (source, args, context, info) =>
  info.parentType.name.startsWith('__') ? defaultFieldResolver(source, args, context, info) : madeUp(info.returnType);
const subscribeFieldResolver = async function* (source, args, context, info) {
  yield { [info.fieldName]: {} };
};

const refusal = (stage, errors) => ({ stage, message: errors[0].message, path: errors[0].path });

async function verdict({ query, variables, operationName }) {
  let document;
  try {
    document = parse(query);
  } catch (error) {
    return refusal('parse', [error]);
  }
  let invalid;
  try {
    invalid = validate(schema, document);
  } catch (error) {
    invalid = [error]; // as where a condition on the field of a subscription is a variable
  }
  if (invalid.length > 0) return refusal('validate', invalid);
  const request = { schema, document, variableValues: variables, operationName, fieldResolver, subscribeFieldResolver };
  const operation = document.definitions.find((one) => one.kind === 'OperationDefinition' && (!operationName || one.name?.value === operationName));
  let result;
  if (operation?.operation === 'subscription') {
    result = await subscribe(request);
    if (result[Symbol.asyncIterator]) result = (await result.next()).value;
  } else {
    result = await execute(request);
  }
  if (result.errors) return refusal('data' in result ? 'execute' : 'variables', result.errors);
  return { stage: '' };
}

for await (const line of createInterface({ input: process.stdin })) {
  // A subscription whose field is excluded is an exception of graphql-js.
  const said = await verdict(JSON.parse(line)).catch((error) => refusal('execute', [error]));
  process.stdout.write(JSON.stringify(said) + '\n');
}
