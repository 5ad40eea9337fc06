/** Rows of a panel's list: each is created once and updated in place, so that neither the focus nor
 * a press is lost. */
export class Rows<Row, Drawn extends { element: Element; draw: (one: Row) => void }> {
  declare list: Element;
  declare keyOf: (one: Row) => string | number;
  declare make: (one: Row) => Drawn;
  declare focusLost: () => void;
  #drawn: Map<string | number, Drawn> = new Map();

  /** @param keyOf returns a row's key
   * @param make creates the element of a row
   * @param focusLost called when the focused row is removed */
  constructor(
    list: Element,
    keyOf: (one: Row) => string | number,
    make: (one: Row) => Drawn,
    focusLost: () => void,
  ) {
    this.list = list;
    this.keyOf = keyOf;
    this.make = make;
    this.focusLost = focusLost;
  }

  /** Show these rows; existing rows are updated. */
  draw(all: Row[]) {
    const hadFocus = this.#hasFocus();
    const before = this.#drawn;
    this.#drawn = new Map(
      all.map((one) => [this.keyOf(one), before.get(this.keyOf(one)) ?? this.make(one)]),
    );
    for (const one of all) this.#drawn.get(this.keyOf(one))?.draw(one);
    this.#arrange([...this.#drawn.values()].map((row) => row.element));
    if (hadFocus && !this.#hasFocus()) this.focusLost();
  }

  /** Put these elements into the list in order, and remove all others. */
  #arrange(elements: Element[]) {
    const wanted = new Set(elements);
    for (const child of [...this.list.children]) if (!wanted.has(child)) child.remove();
    elements.forEach((element, at) => {
      const current = this.list.children[at] ?? null;
      if (current !== element) this.list.insertBefore(element, current);
    });
  }

  #hasFocus() {
    const root = this.list.getRootNode() as ShadowRoot;
    return this.list.contains(root.activeElement ?? null);
  }
}
