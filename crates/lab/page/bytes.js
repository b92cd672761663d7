// Books of bytes: sums and differences. The names are those of the report.

/** Kinds of bytes, in the order of every table. */
export const KINDS = ['payload', 'repeat', 'header', 'framing', 'control', 'handshake', 'tls', 'tcp_ip'];

/** What separates messages and carries them: all but the payload. */
const OVERHEAD = KINDS.filter((kind) => kind !== 'payload');

const COUNTS = ['requests', 'empty', 'refused', 'messages', 'repeats', 'sent'];

/** A book in which nothing stands. */
export function emptyBook() {
  const book = { up: {}, down: {} };
  for (const count of COUNTS) book[count] = 0;
  for (const kind of KINDS) {
    book.up[kind] = 0;
    book.down[kind] = 0;
  }
  return book;
}

/** What came into a book since an earlier one; `null` if it has less, so that it is another book. */
export function since(book, earlier) {
  const difference = emptyBook();
  for (const count of COUNTS) difference[count] = book[count] - earlier[count];
  for (const kind of KINDS) {
    difference.up[kind] = book.up[kind] - earlier.up[kind];
    difference.down[kind] = book.down[kind] - earlier.down[kind];
  }
  const all = [...COUNTS.map((count) => difference[count]), ...Object.values(difference.up), ...Object.values(difference.down)];
  return all.some((value) => value < 0) ? null : difference;
}

/** Bytes of these kinds, both ways. */
export function sum(book, kinds) {
  return kinds.reduce((total, kind) => total + book.up[kind] + book.down[kind], 0);
}

/** All bytes, TCP/IP included. */
export const wire = (book) => sum(book, KINDS);

/** All bytes above TLS. */
export const stream = (book) => sum(book, KINDS.filter((kind) => kind !== 'tls' && kind !== 'tcp_ip'));

/** All but the payload. */
export const overhead = (book) => sum(book, OVERHEAD);

/** Something for each message; `null` while there is none. */
export const perMessage = (book, bytes) => (book.messages > 0 ? bytes / book.messages : null);
