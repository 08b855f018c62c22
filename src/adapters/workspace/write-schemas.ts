/** `npm run schemas`: writes the JSON Schemas of the workspace's files to schemas/. A test fails while they are not those of the code. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { jsonSchemas, schemaText } from '../../domain/json-schemas.ts';

export async function writeSchemas(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [name, schema] of jsonSchemas()) await writeFile(path.join(directory, name), schemaText(schema));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeSchemas(fileURLToPath(new URL('../../../schemas', import.meta.url)));
}
