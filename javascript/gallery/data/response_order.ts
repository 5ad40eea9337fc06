/** Tells which responses about the same data are outdated. */

export class ResponseOrder {
  #count = 0; // of the requests
  #newest = 0; // the number of the request whose response is shown

  /** Send a request that reads the data. Return its response, or null if the response is outdated
   * because a later request was answered first. */
  async read<T>(request: () => Promise<T>): Promise<T | null> {
    const number = ++this.#count;
    const response = await request();
    if (number < this.#newest) return null;
    this.#newest = number;
    return response;
  }

  /** Send a request that changes the data. Return its response, which has the data after the
   * change. */
  async change<T>(request: () => Promise<T>): Promise<T> {
    const response = await request();
    this.#newest = ++this.#count;
    return response;
  }
}
