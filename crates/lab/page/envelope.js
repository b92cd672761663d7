// The first 16 characters of a payload: publish number and due time.

const ENVELOPE = /^[A-Za-z0-9_-]{16}/;

/**
 * The envelope at the head of a payload: base64url of the publish number (4 bytes) and the due time
 * (8 bytes, nanoseconds of the server's clock), both big-endian. `null` if there is none.
 */
export function decode(payload) {
  const found = ENVELOPE.exec(payload);
  if (!found) return null;
  const raw = atob(found[0].replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(raw, (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return { number: view.getUint32(0), dueMs: Number(view.getBigUint64(4)) / 1e6 };
}
