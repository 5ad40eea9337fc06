// The gallery's keys.
(function () {
    "use strict";

    const ours = window.civitaiShortcut;
    if (!ours || ours.keys) return; // "Reload UI" and a second tag load it once more
    const { PREFIX, TILE, byId, isVisible, toast, word } = ours;

    // Keys, only where our tab is on screen and nobody writes

    let isSpaceUsed = false;

    const keys = (ours.keys = {
        ArrowLeft: () => ours.pressSoon("previous_picture") || open(-1),
        ArrowRight: () => ours.pressSoon("next_picture") || open(0),
        PageUp: () => ours.turnSoon("previous"),
        PageDown: () => ours.turnSoon("next"),
        " ": () => ours.pressSoon("mark"),
        d: () => ours.download(),
        Escape: () => ours.pressSoon("close"), // the full-screen view has its own
    });

    const open = (end) => !isVisible(byId("picture_panel")) && ours.openTile(end);

    // Who came to a button by the keyboard wants Space to press that one; a picture is no button
    function isOnButton(target) {
        const button = target.closest && target.closest("button, summary, a");
        const isPicture = button && button.querySelector("img");
        return Boolean(button && !isPicture && target.matches(":focus-visible"));
    }

    function isWriting(target) {
        return Boolean(target.closest && target.closest("input, textarea, select, [contenteditable]"));
    }

    document.addEventListener(
        "keydown",
        (event) => {
            if (event.ctrlKey || event.altKey || event.metaKey || !isVisible(byId("tab"))) return;
            const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
            if (key === "Enter" && ours.isStepping() && event.target.closest(TILE)) event.preventDefault();
            if (isWriting(event.target) || !keys[key]) return;
            if (key === " " && isOnButton(event.target)) return;
            if (keys[key]()) {
                isSpaceUsed = key === " ";
                event.preventDefault();
                event.stopImmediatePropagation(); // a focused button would take Space as a click
            }
        },
        true
    );
    document.addEventListener("keyup", (event) => {
        if (event.key !== " " || !isSpaceUsed) return;
        event.preventDefault(); // else a button that has the focus is clicked now
        isSpaceUsed = false;
    }, true);

    // A page's number that is typed, and the slider moved by keys: gradio tells of the mouse only.
    // An answer that comes meanwhile writes its own page into both.

    let typed = null; // what is in the number's field by the user's hand, until it is taken

    function isIn(part, target) {
        return Boolean(target.closest && target.closest(`#${PREFIX}${part}`));
    }

    function turnTo(number) {
        const range = () => byId("page_slider").querySelector("input[type=range]");
        if (range().disabled) return;
        const page = Math.min(Number(range().max), Math.max(1, Math.round(Number(number)) || 1));
        let tries = 20;
        (function turn() {
            range().value = page;
            range().dispatchEvent(new Event("input", { bubbles: true }));
            setTimeout(() => {
                if (Number(range().value) !== page && --tries) turn();
                else range().dispatchEvent(new Event("pointerup", { bubbles: true }));
            }, 50);
        })();
    }

    function takeTyped() {
        if (typed === null) return;
        const last = byId("page_slider").querySelector("input[type=range]").max;
        if (Number(typed) > Number(last)) toast(word("only_seen_pages", last));
        turnTo(typed);
        typed = null;
    }

    document.addEventListener("input", (event) => {
        const isNumber = event.target.type === "number" && isIn("page_slider", event.target);
        if (isNumber) typed = event.target.value;
    }, true);
    document.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && isIn("page_slider", event.target)) takeTyped();
    }, true);
    document.addEventListener("change", (event) => {
        if (isIn("page_slider", event.target) && event.target.type === "number") takeTyped();
    }, true);
    document.addEventListener("keyup", (event) => {
        const moves = /^(Arrow|Page|Home|End)/.test(event.key);
        const isSlider = event.target.type === "range" && isIn("page_slider", event.target);
        if (isSlider && moves) turnTo(event.target.value);
    });
})();
