// Quick presses: gradio 3 drops a press while the one before it is not answered; here it waits.
(function () {
    "use strict";

    const ours = window.civitaiShortcut;
    if (!ours || ours.steps) return; // "Reload UI" and a second tag load it once more
    const { PREFIX } = ours;

    const SELECTOR = ["next", "previous", "next_picture", "previous_picture", "mark"]
        .map((name) => `#${PREFIX}${name}_button`)
        .join(", ");
    const PATIENCE = 8000; // ms; what was not answered by then holds nobody up
    const AGAIN = 1000; // ms without a change
    const SETTLES = 40; // ms from an answer's arrival until gradio takes the next press

    // asked: where the page was when the press under way was made; null: none is
    const steps = (ours.steps = { waiting: [], asked: null, giveUp: 0, again: 0, isAgain: false });
    const isGradio3 = () => /^3\./.test((window.gradio_config || {}).version || "");

    // Where the page is, and whether that picture is marked: an answer changes it
    function place() {
        const at = document.querySelector(`#${PREFIX}position [data-at]`);
        const page = document.querySelector(`#${PREFIX}page_text .civitai-shortcut-status`);
        return `${page ? page.textContent : ""}|${at ? at.dataset.at + at.textContent : ""}`;
    }

    function begin(button) {
        steps.asked = place();
        steps.giveUp = setTimeout(() => end([]), PATIENCE);
        steps.again = setInterval(() => press(button), AGAIN);
    }

    // Another change may have looked like the answer: a press that was dropped is made again, and
    // gradio drops that one too where the first is still on its way.
    function press(button) {
        steps.isAgain = true;
        if (button.isConnected && !button.disabled) button.click();
        steps.isAgain = false;
    }

    function end(waiting) {
        clearTimeout(steps.giveUp);
        clearInterval(steps.again);
        steps.asked = null;
        steps.waiting = waiting;
        const next = waiting.shift();
        if (next && next.isConnected && !next.disabled) next.click();
        else waiting.length = 0;
    }

    document.addEventListener(
        "click",
        (event) => {
            const button = event.target.closest && event.target.closest(SELECTOR);
            if (!button || button.disabled || steps.isAgain || !isGradio3()) return;
            if (steps.asked === null) return begin(button);
            steps.waiting.push(button);
            event.stopImmediatePropagation();
            event.preventDefault();
        },
        true
    );

    new MutationObserver(() => {
        if (steps.asked === null || steps.asked === true || place() === steps.asked) return;
        clearInterval(steps.again);
        clearTimeout(steps.giveUp);
        steps.asked = true; // answered; the rest of the answer is still being put in
        setTimeout(() => end(steps.waiting), SETTLES);
    }).observe(document.documentElement, { subtree: true, childList: true, characterData: true });
})();
