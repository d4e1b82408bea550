/** A compiled zone to build: changes in seconds since 1970 with an offset each (seconds east), and the footer. */
export type TzifParts = {
  readonly first: number;
  readonly changes?: readonly (readonly [at: number, offset: number])[];
  readonly footer?: string;
  readonly version?: 1 | 2;
  readonly leaps?: number;
};

/** The bytes of a TZif file (RFC 9636), written from its definition. */
export function tzifBytes(parts: TzifParts): Uint8Array {
  const { footer = "", version = 2 } = parts;
  if (version === 1) return block(parts, 4);
  return Buffer.concat([block({ ...parts, changes: [] }, 4), block(parts, 8), Buffer.from(`\n${footer}\n`)]);
}

function block({ first, changes = [], version = 2, leaps = 0 }: TzifParts, width: 4 | 8): Uint8Array {
  const offsets = [...new Set([first, ...changes.map(([, offset]) => offset)])];
  const head = Buffer.alloc(44);
  head.write("TZif");
  head.writeUInt8(version === 1 ? 0 : 50, 4);
  head.writeUInt32BE(leaps, 28);
  head.writeUInt32BE(changes.length, 32);
  head.writeUInt32BE(offsets.length, 36);
  head.writeUInt32BE(4, 40);
  const times = Buffer.alloc(changes.length * width);
  changes.forEach(([at], i) => {
    if (width === 8) times.writeBigInt64BE(BigInt(at), i * 8);
    else times.writeInt32BE(at, i * 4);
  });
  const kinds = Buffer.from(changes.map(([, offset]) => offsets.indexOf(offset)));
  const types = Buffer.alloc(offsets.length * 6);
  offsets.forEach((offset, i) => types.writeInt32BE(offset, i * 6));
  return Buffer.concat([head, times, kinds, types, Buffer.from("LMT\0"), Buffer.alloc(leaps * (width + 4))]);
}
