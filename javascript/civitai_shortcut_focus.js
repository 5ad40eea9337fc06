// Where the keyboard is: on the grid once a model is open; what buttons without words are called.
(function () {
    "use strict";

    const ours = window.civitaiShortcut;
    if (!ours || ours.toGrid) return; // "Reload UI" and a second tag load it once more
    const { PREFIX, byId, isVisible, openedModel, tiles, watch, word } = ours;

    const isIn = (node, ...names) =>
        Boolean(node && node.closest && names.some((name) => node.closest(`#${PREFIX}${name}`)));

    // A model that was asked for here: its keys work at once, which a text box would swallow

    const ASKED_IN = ["model_box", "find_button", "recent_dropdown", "results_gallery"];
    const TILES_COME = 3000; // ms at most
    let asked = null; // what was open then
    let until = 0; // when the grid has the focus or does not get it any more

    const modelNow = () => (openedModel() ? openedModel().dataset.model : "");

    ours.toGrid = function () {
        asked = null;
        const focused = document.activeElement;
        if (focused !== document.body && !isIn(focused, ...ASKED_IN)) return; // busy elsewhere
        focused.blur();
        until = Date.now() + TILES_COME;
        focusFirstTile();
    };

    function focusFirstTile() {
        const tile = tiles()[0];
        const isFree = document.activeElement === document.body;
        if (Date.now() < until && isFree && isVisible(tile)) tile.focus({ preventScroll: true });
    }

    function askedBy(event) {
        if (!event.isTrusted) return;
        until = 0;
        const isChosen = event.type === "pointerdown" || event.key === "Enter";
        const inList = isIn(document.activeElement, "recent_dropdown"); // it may lie elsewhere
        if (!isChosen || !(inList || isIn(event.target, ...ASKED_IN))) return;
        const isPlain = event.type === "pointerdown" && isIn(event.target, "model_box");
        if (!isPlain) asked = { model: modelNow() };
        if (event.key === "Enter" && isOpen(event.target.value)) setTimeout(ours.toGrid, 0);
    }

    // It is named once more: nothing changes by which its coming could be seen
    const isOpen = (text) => Boolean(modelNow()) && new RegExp(`\\b${modelNow()}\\b`).test(text);

    document.addEventListener("keydown", askedBy, true);
    document.addEventListener("pointerdown", askedBy, true);
    document.addEventListener("input", (event) => {
        if (event.isTrusted && isIn(event.target, "model_box")) asked = null; // the next one is typed
    }, true);

    watch(() => {
        if (asked && modelNow() && modelNow() !== asked.model) ours.toGrid();
        focusFirstTile();
    });

    // gradio 6 opens a dropdown's list once more for the Tab that leaves it: it gets none

    document.addEventListener("keydown", (event) => {
        const isList = event.target.matches && event.target.matches("[role=combobox]");
        if (event.key === "Tab" && isList && isIn(event.target, "tab")) event.stopPropagation();
    }, true);

    // Names of buttons that bear a sign only

    const NAMES = { previous_picture_button: "say_previous", next_picture_button: "say_next" };

    watch(() => {
        for (const [name, said] of Object.entries(NAMES)) {
            const node = byId(name);
            const button = node && (node.tagName === "BUTTON" ? node : node.querySelector("button"));
            if (!button || !word(said) || button.title === word(said)) continue;
            button.title = word(said);
            button.setAttribute("aria-label", word(said));
        }
    });
})();
