/** How long an access token is valid, and how long a retired key has to verify. */
export const ACCESS_TOKEN_SECONDS = 30 * 60;
