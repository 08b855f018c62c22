/** A report as its bytes. */
export async function collected(report: AsyncIterable<string | Uint8Array>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of report) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}
