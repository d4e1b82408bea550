/** A CSV text that was opened: its column names and its rows, in order. Cells are trimmed. */
export type CsvTable = { readonly header: readonly string[]; readonly rows: AsyncIterable<CsvRow> };

/** `line` is where the row ends in the text, counted from 1. */
export type CsvRow = { readonly line: number; readonly cells: readonly string[] };

/**
 * Opens CSV as spreadsheets write it: UTF-8 with or without a byte order mark, or UTF-16 with one; commas, semicolons, tabs
 * or bars between the cells; any line ends; Excel's "sep=;" line. Reads as a stream. Throws `Refusal`: `csv_empty` when
 * there are no columns, and while reading `csv_quote_open` when a quote is never closed or a row is endless.
 */
export type CsvReader = (bytes: AsyncIterable<Uint8Array>) => Promise<CsvTable>;
