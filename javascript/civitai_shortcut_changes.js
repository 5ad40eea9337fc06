// What changes in our tab, for the files after this one; the words of the page's own code.
(function () {
    "use strict";

    const ours = window.civitaiShortcut;
    if (!ours || ours.watch) return; // "Reload UI" and a second tag load it once more
    const { PREFIX, byId } = ours;

    const openedModel = () => document.querySelector(`#${PREFIX}status [data-model]`);

    // What is to be done after each change of what our tab holds, before the next frame is drawn

    const deeds = [];
    const watcher = new MutationObserver(() => requestAnimationFrame(afterChange));
    let watched = null;

    const watch = (deed) => deeds.push(deed);

    function afterChange() {
        word(""); // they leave the page with the hint, once a picture is open
        for (const deed of deeds) deed();
    }

    setInterval(() => {
        const tab = byId("tab");
        if (!tab || tab === watched) return;
        watched = tab;
        watcher.disconnect();
        const classes = { attributes: true, attributeFilter: ["class"] }; // gradio writes over ours
        watcher.observe(tab, { childList: true, subtree: true, characterData: true, ...classes });
        afterChange();
    }, 400);

    // The page code's own words, in the page's language: they come with the hint

    let words = {};

    function word(name, number) {
        const line = document.querySelector(`#${PREFIX}picture_hint [data-words]`);
        if (line) words = JSON.parse(line.dataset.words);
        return (words[name] || "").replace("{n}", number);
    }

    Object.assign(ours, { openedModel, watch, word });
})();
