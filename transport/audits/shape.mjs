// Has graphql-js execute documents on what has been answered to them: reads the schema named by
// the first argument, then a request with the data of its answer as JSON on each line of standard
// input, and answers each by a line with what comes of it. The value of a field is what the data
// have under its name in the answer, so that the result has other data only where these do not
// have the shape that the document gives them.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { buildSchema, execute, parse, validate } from 'graphql';

const schema = buildSchema(readFileSync(process.argv[2], 'utf8'));
const fieldResolver = (source, args, context, info) => source[info.path.key];

async function result({ query, variables, data }) {
  const document = parse(query);
  const errors = validate(schema, document);
  if (errors.length > 0) return { errors };
  return execute({ schema, document, variableValues: variables, rootValue: data, fieldResolver });
}

for await (const line of createInterface({ input: process.stdin })) {
  const said = await result(JSON.parse(line)).catch((error) => ({ errors: [{ message: String(error) }] }));
  process.stdout.write(JSON.stringify(said) + '\n');
}
