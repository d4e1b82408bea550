import type { SqlMaker } from "../ports/sql.ts";
import type { Dialect, Tables } from "./dialect.ts";
import { StatementMaker } from "./statement.ts";

/**
 * The same maker that the store's own statements come from, over other tables. Kysely's types are all that knows which
 * tables there are, so that a program's stand in the place of ours.
 */
export function programSql<DB>(dialect: Dialect): SqlMaker<DB> {
  const make = new StatementMaker(dialect);
  const own = (table: keyof DB & string): keyof Tables => table as keyof Tables;
  return {
    dialect: dialect.name,
    query: (build) => make.query(build as unknown as Parameters<typeof make.query>[0]) as never,
    insertMany: (table, columns, tail) => make.insertMany(own(table), columns, tail),
    updateMany: (table, key, set, options) => make.updateMany(own(table), key, set, options),
    countedUpdateMany: (table, key, set, options) => make.countedUpdateMany(own(table), key, set, options),
    selectMany: (table, key, selected, options) => make.selectMany(own(table), key, selected, options),
    deleteMany: (table, key) => make.deleteMany(own(table), key),
  };
}
