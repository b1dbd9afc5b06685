/** Computes the checksum that OSS sends as `x-oss-hash-crc64ecma` and that most of its SDKs compare. */

/** ECMA-182, bit-reversed; also known as CRC-64/XZ. */
const POLYNOMIAL = 0xc96c5795d7870f42n;

/** In halves of 32 bits, because bitwise operators stop there and BigInt is too slow for megabytes. */
const [LOW, HIGH] = makeTables();

/** As OSS writes it: an unsigned decimal number. */
export function crc64Of(bytes: Uint8Array): string {
  let low = 0xffffffff;
  let high = 0xffffffff;
  for (const byte of bytes) {
    const index = (low ^ byte) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ (LOW[index] ?? 0);
    high = (high >>> 8) ^ (HIGH[index] ?? 0);
  }
  return ((BigInt(~high >>> 0) << 32n) | BigInt(~low >>> 0)).toString();
}

function makeTables(): readonly [Uint32Array, Uint32Array] {
  const low = new Uint32Array(256);
  const high = new Uint32Array(256);
  for (let index = 0; index < 256; index += 1) {
    let value = BigInt(index);
    for (let bit = 0; bit < 8; bit += 1) {
      value = (value & 1n) === 1n ? (value >> 1n) ^ POLYNOMIAL : value >> 1n;
    }
    low[index] = Number(value & 0xffffffffn);
    high[index] = Number(value >> 32n);
  }
  return [low, high];
}
