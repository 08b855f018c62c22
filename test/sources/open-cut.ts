/** Opens a cut of the PostgreSQL at a URL, says so, and waits to be killed. */
import { sqlSource } from '../../src/adapters/sql/sql-source.ts';

const [, , url = ''] = process.argv;
const cut = await sqlSource('meditrack', { client: 'pg', url }).open();
await cut.tables();
console.log('open');
setInterval(() => undefined, 1000);
