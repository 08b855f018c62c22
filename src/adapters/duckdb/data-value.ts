/** DuckDB values as JSON-safe values. */
import { type DuckDBType, DuckDBTypeId, type DuckDBValue, type DuckDBValueConverter, type Json, JsonDuckDBValueConverter } from '@duckdb/node-api';
import type { DataValue } from '../../domain/ports.ts';

/** Integers are numbers while they are exact (so that `count(*)` is one) and text beyond 2^53; decimals, dates and timestamps are text;
 *  lists and structs hold such values. */
export const dataValue: DuckDBValueConverter<DataValue> = (value: DuckDBValue, type: DuckDBType, converter: DuckDBValueConverter<DataValue>) => {
  if (value === null || value === undefined) return null;
  switch (type.typeId) {
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.UBIGINT:
    case DuckDBTypeId.HUGEINT:
    case DuckDBTypeId.UHUGEINT: {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : String(value);
    }
    default:
      // our values are JSON values; the library's type of them only lacks `readonly`
      return JsonDuckDBValueConverter(value, type, converter as unknown as DuckDBValueConverter<Json>);
  }
};
