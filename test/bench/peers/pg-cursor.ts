/** Reads all rows of a query through a server-side cursor and does nothing with them. */
import pg from 'pg';

const { url, query, page } = JSON.parse(process.argv[2] ?? '{}') as { url: string; query: string; page: number };
const client = new pg.Client({ connectionString: url });
await client.connect();
await client.query('BEGIN READ ONLY ISOLATION LEVEL REPEATABLE READ');
await client.query(`DECLARE rows NO SCROLL CURSOR FOR ${query}`);
let rows = 0;
for (;;) {
  const { rowCount } = await client.query({ text: `FETCH ${page} FROM rows`, rowMode: 'array' });
  if (rowCount === 0 || rowCount === null) break;
  rows += rowCount;
}
await client.query('COMMIT');
await client.end();
console.log(JSON.stringify({ rows }));
