/**
 * Rows of a panel's list: each is created once and updated in place, so that neither the focus nor
 * a press is lost.
 * @template Row
 * @template {{element: Element, draw: (one: Row) => void}} Drawn
 */
export class Rows {
  /** @type {Map<string | number, Drawn>} */
  #drawn = new Map();

  /** @param {Element} list
   * @param {(one: Row) => string | number} keyOf  returns a row's key
   * @param {(one: Row) => Drawn} make  creates the element of a row
   * @param {() => void} focusLost  called when the focused row is removed */
  constructor(list, keyOf, make, focusLost) {
    this.list = list;
    this.keyOf = keyOf;
    this.make = make;
    this.focusLost = focusLost;
  }

  /** Show these rows; existing rows are updated. @param {Row[]} all */
  draw(all) {
    const hadFocus = this.#hasFocus();
    const before = this.#drawn;
    this.#drawn = new Map(
      all.map((one) => [this.keyOf(one), before.get(this.keyOf(one)) ?? this.make(one)]),
    );
    for (const one of all) this.#drawn.get(this.keyOf(one))?.draw(one);
    this.#arrange([...this.#drawn.values()].map((row) => row.element));
    if (hadFocus && !this.#hasFocus()) this.focusLost();
  }

  /** Put these elements into the list in order, and remove all others. @param {Element[]} elements */
  #arrange(elements) {
    const wanted = new Set(elements);
    for (const child of [...this.list.children]) if (!wanted.has(child)) child.remove();
    elements.forEach((element, at) => {
      const current = this.list.children[at] ?? null;
      if (current !== element) this.list.insertBefore(element, current);
    });
  }

  #hasFocus() {
    const root = /** @type {ShadowRoot} */ (this.list.getRootNode());
    return this.list.contains(root.activeElement ?? null);
  }
}
