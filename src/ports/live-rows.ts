/** Rows of live safety as they stand in the store: instants in UTC ms, amounts in millionths of a unit of currency. */
export type LiveWorkspaceRow = {
  workspace_id: number;
  is_open: number;
  opened_at: number | null;
  opened_by: string | null;
  number_types: string;
  block_hour_max: number;
  updated_at: number;
};

export type LiveNumberRow = {
  id: number;
  workspace_id: number;
  number_hash: string;
  phone: string;
  note: string | null;
  created_by: string;
  created_at: number;
};

export type LiveCountryRow = {
  workspace_id: number;
  country: string;
  status: "allowed" | "refused" | "waiting";
  changed_by: string | null;
  changed_at: number;
};

export type LiveBlockRow = {
  workspace_id: number;
  block_hash: string;
  hour: number;
  dials: number;
  announced: number;
};

export type UnguardedLineRow = { line_id: number; workspace_id: number; created_at: number };

export type LineBudgetRow = {
  line_id: number;
  workspace_id: number;
  currency: string;
  per_minute: number;
  prices: string;
  call_max: number;
  hour_max: number;
  day_max: number;
  updated_at: number;
};

export type LineSpendingRow = {
  line_id: number;
  span: "hour" | "day";
  number: number;
  reserved: number;
  spent: number;
  overspent: number;
  short_of: number;
  announced: number;
};

export type ChargeRow = {
  attempt_id: number;
  line_id: number;
  hour: number;
  day: number;
  per_minute: number;
  reserved: number;
  spent: number;
  settled: number;
};
