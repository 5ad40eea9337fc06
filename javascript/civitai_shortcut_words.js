// A model's trigger words: a click copies one.
(function () {
    "use strict";

    const ours = window.civitaiShortcut;
    if (!ours || ours.copy) return; // "Reload UI" and a second tag load it once more

    const SHOWN = 1200; // ms that a word says it was copied

    // A page that came over plain http from another machine has no clipboard of its own
    function copyBySelection(text) {
        const box = ours.element("textarea");
        box.value = text;
        box.style.cssText = "position: fixed; opacity: 0";
        document.body.append(box);
        box.select();
        const isCopied = document.execCommand("copy");
        box.remove();
        return isCopied;
    }

    ours.copy = async function (text) {
        if (!navigator.clipboard) return copyBySelection(text);
        try {
            await navigator.clipboard.writeText(text);
            return true;
        } catch (error) {
            return copyBySelection(text);
        }
    };

    document.addEventListener("click", async (event) => {
        const word = event.target.closest && event.target.closest(".civitai-shortcut-word");
        if (!word || word.classList.contains("copied")) return;
        const text = word.textContent;
        if (!(await ours.copy(text))) return;
        word.classList.add("copied");
        setTimeout(() => word.classList.remove("copied"), SHOWN);
    });
})();
