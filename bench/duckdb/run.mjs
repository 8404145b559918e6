// DuckDB, asked over standard input: a line of JSON with a statement brings a line of
// JSON with how long it took. The time is taken here, from the sending of the statement
// until every row has become values of JavaScript, so that the pipe is no part of it.
import { createInterface } from 'node:readline';
import { DuckDBInstance } from '@duckdb/node-api';

const instance = await DuckDBInstance.create(process.argv[2]);
const connection = await instance.connect();

// numbers makes the 64-bit numbers and the dates of an answer numbers that JSON can
const numbers = (column) => column.map((value) => (typeof value === 'bigint' ? Number(value) : (value.days ?? value)));

for await (const line of createInterface({ input: process.stdin })) {
  const { sql, answer } = JSON.parse(line);
  let reply;
  try {
    const started = process.hrtime.bigint();
    const reader = await connection.runAndReadAll(sql);
    const columns = reader.getColumns();
    const nanoseconds = Number(process.hrtime.bigint() - started);
    reply = { nanoseconds, columns: answer ? columns.map(numbers) : null };
  } catch (error) {
    reply = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(reply) + '\n');
}
