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
    const SETTLES = 40; // ms from an answer's arrival until gradio takes the next press

    // answers: how many there were when the press under way was made; null: none is
    const steps = (ours.steps = { waiting: [], answers: null, giveUp: 0 });
    const isGradio3 = () => /^3\./.test((window.gradio_config || {}).version || "");

    let last = "0";

    function answers() {
        const line = document.querySelector(`#${PREFIX}columns [data-answers]`);
        if (line) last = line.dataset.answers; // another answer may have taken the line away
        return last;
    }

    function begin() {
        steps.answers = answers();
        steps.giveUp = setTimeout(() => end([]), PATIENCE);
    }

    function end(waiting) {
        clearTimeout(steps.giveUp);
        steps.answers = null;
        steps.waiting = waiting;
        const next = waiting.shift();
        if (next && next.isConnected && !next.disabled) next.click();
        else waiting.length = 0;
    }

    document.addEventListener(
        "click",
        (event) => {
            const button = event.target.closest && event.target.closest(SELECTOR);
            if (!button || button.disabled || !isGradio3()) return;
            if (steps.answers === null) return begin();
            steps.waiting.push(button);
            event.stopImmediatePropagation();
            event.preventDefault();
        },
        true
    );

    new MutationObserver(() => {
        if (steps.answers === null || steps.answers === true || answers() === steps.answers) return;
        clearTimeout(steps.giveUp);
        steps.answers = true; // it has come; the rest of it is still being put in
        setTimeout(() => end(steps.waiting), SETTLES);
    }).observe(document.documentElement, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-answers"] });
})();
