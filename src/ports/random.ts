/** The one source of chance. The simulation owns it by a seed. */
export interface Random {
  /** A float in [0, 1). Never for secrets. */
  float(): number;
  /** `count` bytes fit for secrets and tokens. */
  bytes(count: number): Uint8Array;
}
