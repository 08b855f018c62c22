/** Suppliers as they lie in a purchase ledger after twenty years, a quarter of the rows standing there twice or more under another number and with
 *  the damage that such rows have. The same rows on every machine: every draw is a hash of the row's number. Truth: `thing`. */

const trades =
  'medical dental surgical office building electrical cleaning catering transport printing security garden roofing plumbing heating laboratory imaging pharma linen energy fire water waste vehicle training legal media software network window floor paint kitchen furniture packaging engineering steel timber glass tyre uniform stationery scaffolding drainage asbestos lift pest landscape insurance travel language nursing therapy audiology optical orthopaedic veterinary radio aerial marine aviation rail bus coach taxi courier removal storage refrigeration ventilation acoustic lighting solar wind gas oil coal fuel chemical plastic rubber paper textile leather wool food dairy meat fish bakery fruit brewing wine tobacco seed feed farm forestry quarry concrete brick stone slate tile carpet curtain blind door lock alarm camera phone data cloud design sign event theatre music sport leisure pool play toy book school nursery care'.split(
    ' ',
  );
const nouns =
  'Services Supplies Solutions Systems Group Contractors Products Equipment Associates Partners Consulting Trading Management International Technologies Maintenance Distribution Industries Installations Rentals Works Specialists Direct Care Centre'.split(
    ' ',
  );
const qualities =
  'Northern Southern Eastern Western Central National United General Premier Quality First Advanced Modern Classic Royal Abbey Castle Bridge River Valley Summit Apex Vital Delta Alpha Omega Phoenix Atlas Titan Orion Zenith Aurora Harbour Beacon Crown Anchor Falcon Eagle Swan Oak'.split(
    ' ',
  );
const onsets =
  'Al An Ash Bar Bel Ben Black Brad Bram Brook Cald Carl Chal Clay Col Craw Dal Den Dray Dun Ead El Fair Far Fen Gar Gil Glad Gran Hal Ham Har Hart Haw Hol Kel Ken Kil Lang Law Led Lin Mar Mel Mid Mont Nor Oak Pem Pick Rad Ray Red Rock Sel Shel Stan Sto Sut Thorn Tre Wal War Wel West Whit Win Wood'.split(
    ' ',
  );
const middles = 'a e i er en ing el ar on in o'.split(' ');
const endings = 'ton ley ford ham well by worth field man son wood stone shaw more ridge bourne gate hurst land ward'.split(' ');
const given =
  'John Mary James Susan David Anna Peter Laura Mark Helen Paul Karen Simon Emma Brian Julia Alan Ruth Colin Jane Neil Clare Ian Alice Roger Fiona Martin Diane Keith Nina'.split(
    ' ',
  );
const legal = ['Ltd', 'Ltd', 'Ltd', 'Limited', 'Limited', 'PLC', 'LLP', 'Inc.', '', ''];
const roads = 'Street Street Street Road Road Road Avenue Lane Drive Close Way Court Place Square'.split(' ');
const mailboxes = 'info info sales accounts office admin enquiries orders'.split(' ');
const freeMail = 'mailbox.example webpost.example homenet.example fastmail.example'.split(' ');

/** A whole number below `below`, from the row's number in `of`; other salts are other draws. */
const draw = (of: string, salt: string, below: number | string): string => `(hash(${of}, '${salt}') % ${below})::BIGINT`;
const chance = (of: string, salt: string, percent: number): string => `(hash(${of}, '${salt}') % 1000 < ${percent * 10})`;
const list = (words: readonly string[]): string => `[${words.map((word) => `'${word}'`).join(', ')}]`;
const pick = (of: string, salt: string, words: readonly string[]): string => `${list(words)}[1 + ${draw(of, salt, words.length)}]`;
/** The first words more often than the last, as with real words. */
const often = (of: string, salt: string, words: readonly string[]): string =>
  `${list(words)}[1 + floor(${words.length} * pow((hash(${of}, '${salt}') % 1000003) / 1000003.0, 2))::INTEGER]`;
const surname = (of: string, salt: string): string =>
  `(${often(of, `${salt}1`, onsets)} || CASE WHEN ${chance(of, `${salt}2`, 40)} THEN ${pick(of, `${salt}3`, middles)} ELSE '' END || ${often(of, `${salt}4`, endings)})`;
const title = (word: string): string => `upper(left(${word}, 1)) || substr(${word}, 2)`;
const slug = (text: string): string => `lower(regexp_replace(${text}, '[^A-Za-z0-9]+', '', 'g'))`;

/** What there really is. One in fifty is a branch: name, mail domain and tax number of another thing's owner, at another place.
 *  Names of usual words are taken more than once, mail domains seldom. */
function thingsSql(things: number): string {
  return `WITH numbered AS (SELECT range AS n, CASE WHEN ${chance('range', 'branch', 2)} THEN ${draw('range', 'of', things)} ELSE range END AS brand FROM range(${things})),
    drawn AS (SELECT n, brand, ${draw('brand', 'kind', 100)} AS kind, ${title(often('brand', 'trade', trades))} AS trade, ${pick('brand', 'noun', nouns)} AS noun,
      ${surname('brand', 'a')} AS owner, ${surname('brand', 'b')} AS partner, ${often('brand', 'q', qualities)} AS quality,
      floor(3000 * pow(${draw('n', 'town', 1_000_003)} / 1000003.0, 2))::BIGINT AS town FROM numbered),
    named AS (SELECT *, CASE WHEN kind < 40 THEN owner || ' ' || trade || ' ' || noun WHEN kind < 58 THEN owner || ' & ' || partner || ' ' || trade
        WHEN kind < 72 THEN quality || ' ' || trade || ' ' || noun WHEN kind < 86 THEN owner || ' ' || quality || ' ' || noun
        ELSE ${pick('brand', 'given', given)} || ' ' || owner || ' ' || trade END AS stem FROM drawn)
    SELECT n AS thing, stem, ${pick('brand', 'form', legal)} AS form, (1 + ${draw('n', 'number', 240)}) AS number,
      ${surname('n', 'road')} AS road, ${pick('n', 'kind of road', roads)} AS way, ${surname('town', 'town')} AS city,
      printf('%05d', 10000 + town * 29 + ${draw('n', 'zip', 12)}) AS zip, printf('0%d%06d', 1000 + town % 700, ${draw('n', 'phone', 1_000_000)}) AS phone,
      CASE WHEN ${chance('n', 'free', 30)} THEN lower(left(trade, 1) || owner) || ${draw('n', 'free number', 1000)} || '@' || ${pick('n', 'free mail', freeMail)}
        ELSE ${pick('n', 'mailbox', mailboxes)} || '@' || ${slug('stem')} || CASE WHEN kind < 58 OR ${chance('brand', 'plain domain', 30)} THEN '' ELSE (brand % 9973)::VARCHAR END || CASE WHEN ${chance('brand', 'tld', 60)} THEN '.example' ELSE '.test' END END AS email,
      printf('%02d-%07d', 10 + ${draw('brand', 'tax prefix', 85)}, ${draw('brand', 'tax', 10_000_000)}) AS tax_id FROM named`;
}

/** One slip of the hand: two letters swapped, one left out, one wrong, one twice. */
function slip(text: string, salt: string): string {
  const at = `(2 + ${draw('d', `${salt} at`, `greatest(length(${text}) - 2, 1)`)})`;
  const letter = `chr((97 + ${draw('d', `${salt} letter`, 26)})::INTEGER)`;
  const before = `left(${text}, ${at} - 1)`;
  return `CASE ${draw('d', `${salt} slip`, 4)} WHEN 0 THEN ${before} || substr(${text}, ${at} + 1, 1) || substr(${text}, ${at}, 1) || substr(${text}, ${at} + 2)
    WHEN 1 THEN ${before} || substr(${text}, ${at} + 1) WHEN 2 THEN ${before} || ${letter} || substr(${text}, ${at} + 1) ELSE left(${text}, ${at}) || substr(${text}, ${at}) END`;
}

/** The same slip among digits. */
function digitSlip(text: string, salt: string): string {
  const at = `(3 + ${draw('d', `${salt} at`, `greatest(length(${text}) - 4, 1)`)})`;
  return `left(${text}, ${at} - 1) || ${draw('d', `${salt} digit`, 10)} || substr(${text}, ${at} + 1)`;
}

/** `d` is the row's number. A person, not a machine, entered it: most of it right, some of it wrong, some of it never asked for. */
function damagedSql(from: number, rows: number, things: number): string {
  const when = (salt: string, percent: number, then: string, otherwise: string): string =>
    `CASE WHEN ${chance('d', salt, percent)} THEN ${then} ELSE ${otherwise} END`;
  return `WITH again AS (SELECT ${from} + range AS d, ${draw('range', 'again', things)} AS thing FROM range(${rows})),
    met AS (SELECT * REPLACE (${when('stem slip', 22, slip('stem', 'stem'), 'stem')} AS stem, ${when('form', 40, pick('d', 'other form', legal), 'form')} AS form,
        ${when('road slip', 12, slip('road', 'road'), 'road')} AS road, ${when('city slip', 5, slip('city', 'city'), 'city')} AS city,
        ${when('zip slip', 5, digitSlip('zip', 'zip'), 'zip')} AS zip, ${when('phone slip', 5, digitSlip('phone', 'phone'), 'phone')} AS phone,
        ${when('email slip', 5, slip('email', 'email'), 'email')} AS email, ${when('tax slip', 4, digitSlip('tax_id', 'tax'), 'tax_id')} AS tax_id)
      FROM again JOIN things USING (thing)),
    worn AS (SELECT * REPLACE (${when('word lost', 8, `regexp_replace(stem, ' [^ ]+$', '')`, 'stem')} AS stem,
        ${when('short', 35, `CASE way WHEN 'Street' THEN 'St' WHEN 'Road' THEN 'Rd' WHEN 'Avenue' THEN 'Ave' WHEN 'Lane' THEN 'Ln' WHEN 'Drive' THEN 'Dr' ELSE way END`, 'way')} AS way,
        ${when('phone written', 40, `'+44 ' || substr(phone, 2, 4) || ' ' || substr(phone, 6)`, 'phone')} AS phone) FROM met)
    SELECT d, thing, ${when('shouted', 25, `upper(trim(stem || ' ' || form))`, `trim(stem || ' ' || form)`)} AS name,
      CASE WHEN ${chance('d', 'street lost', 6)} THEN NULL WHEN ${chance('d', 'moved', 6)} THEN ${draw('d', 'new number', 240)} || ' ' || ${surname('d', 'new road')} || ' Road'
        ELSE number || ' ' || road || ' ' || way END AS street,
      ${when('city lost', 4, 'NULL', 'city')} AS city, ${when('zip lost', 8, 'NULL', 'zip')} AS zip,
      CASE WHEN ${chance('d', 'phone lost', 30)} THEN NULL WHEN ${chance('d', 'new phone', 10)} THEN printf('07%09d', ${draw('d', 'mobile', 1_000_000_000)}) ELSE phone END AS phone,
      CASE WHEN ${chance('d', 'email lost', 35)} THEN NULL WHEN ${chance('d', 'new email', 12)} THEN ${pick('d', 'new mailbox', mailboxes)} || regexp_extract(email, '@.*') ELSE email END AS email,
      CASE WHEN ${chance('d', 'tax lost', 35)} THEN NULL WHEN ${chance('d', 'new tax', 1)} THEN printf('%02d-%07d', ${draw('d', 'new tax prefix', 85)} + 10, ${draw('d', 'new tax id', 10_000_000)}) ELSE tax_id END AS tax_id
    FROM worn`;
}

/** Statements that write `rows` (canonical suppliers) and `truth` (key, thing), both Parquet. Keys are in no order that says anything. */
export function supplierStatements(count: number, rows: string, truth: string): string[] {
  const things = Math.ceil(count * 0.75);
  const key = `printf('S%08d', (d * 1000003) % ${count})`;
  return [
    `CREATE TABLE things AS ${thingsSql(things)}`,
    `CREATE TABLE suppliers AS SELECT ${key} AS _key, * FROM (
      SELECT thing AS d, thing, trim(stem || ' ' || form) AS name, number || ' ' || road || ' ' || way AS street, city, zip,
        CASE WHEN ${chance('thing', 'no phone', 10)} THEN NULL ELSE phone END AS phone, CASE WHEN ${chance('thing', 'no email', 20)} THEN NULL ELSE email END AS email,
        CASE WHEN ${chance('thing', 'no tax', 20)} THEN NULL ELSE tax_id END AS tax_id FROM things
      UNION ALL (${damagedSql(things, count - things, things)}))`,
    `COPY (SELECT _key, _key AS supplier_no, name, street, city, zip, phone, email, tax_id FROM suppliers ORDER BY _key) TO '${rows}' (FORMAT parquet, COMPRESSION zstd)`,
    `COPY (SELECT _key AS key, thing FROM suppliers) TO '${truth}' (FORMAT parquet, COMPRESSION zstd)`,
    'DROP TABLE suppliers; DROP TABLE things',
  ];
}
