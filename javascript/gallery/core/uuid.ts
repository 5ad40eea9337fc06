/** Makes random ids. */

/** Return a random id of 32 hexadecimal digits. `crypto.randomUUID` exists only over HTTPS and on localhost. */
export function makeUuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
