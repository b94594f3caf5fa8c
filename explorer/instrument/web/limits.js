// Made by `python -m explorer.exchange`; edit what it reads instead.

/** Bytes of a zip that is sent. */
export const LARGEST_ZIP = 300_000_000;

/** Characters of a link's query. */
export const LONGEST_QUERY = 20_000;

/** How the id of an uploaded model is spelt, kept or not. */
export const UPLOADED = /^[a-z0-9-]{1,40}~[A-Za-z0-9_-]{16}$/;
