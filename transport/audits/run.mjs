// Runs every audit of the npm package graphql-http against the endpoint named
// by the first argument, prints those that it does not pass, and fails if there
// are any.
import { serverAudits } from 'graphql-http';

const audits = serverAudits({ url: process.argv[2] });
let passed = 0;
for (const audit of audits) {
  const result = await audit.fn();
  if (result.status === 'ok') {
    passed++;
  } else {
    console.log(result.status, audit.id, audit.name, '-', result.reason);
  }
}
console.log(`${passed} of ${audits.length} audits passed`);
process.exit(passed === audits.length ? 0 : 1);
