/** How long an access token is valid. */
export const ACCESS_TOKEN_SECONDS = 30 * 60;
/** How often an instance looks for a newer signing key; until then it signs with the one it knows. */
export const KEYS_READ_EVERY_MS = 3600_000;
