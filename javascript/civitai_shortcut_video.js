// Videos of the panel: silent until somebody wishes to hear them, and one at a time.
(function () {
    "use strict";

    const ours = window.civitaiShortcut;
    if (!ours || ours.sound) return; // "Reload UI" and a second tag load it once more
    const { PREFIX, byId, element, isVisible, watch, word } = ours;

    const sound = (ours.sound = { isOn: false }); // as the user left it, for each video that comes
    const drawn = (path) =>
        `<svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true"><path d="${path}"/></svg>`;
    const SPEAKER = "M4 9v6h4l5 5V4L8 9z";
    const SIGNS = { // not every machine has a font with these
        sound_on: drawn(`${SPEAKER} M16 9l5 6 M21 9l-5 6`), // what a click brings: it is silent now
        sound_off: drawn(`${SPEAKER} M16 9q3 3 0 6 M18.5 6.5q5 5.5 0 11`),
        large_view: drawn("M4 9V4h5 M15 4h5v5 M20 15v5h-5 M9 20H4v-5"),
    };
    const PANEL = `#${PREFIX}video`;
    const isOfPanel = (node) => Boolean(node.closest && node.closest(PANEL));
    const isOurs = (node) => isOfPanel(node) || Boolean(node.closest && node.closest(`#${PREFIX}large`));

    ours.panelVideo = function () {
        const video = isVisible(byId("video")) && byId("video").querySelector("video");
        return video && video.currentSrc && isVisible(byId("picture_panel")) ? video : null;
    };

    // Events of media do not bubble, but they can be caught on their way down.
    for (const kind of ["loadstart", "play"]) {
        document.addEventListener(kind, ({ target }) => {
            if (!isOfPanel(target)) return;
            target.muted = !sound.isOn;
            target.loop = true; // they last for seconds
            if (ours.large.box) target.pause(); // it plays there
        }, true);
    }
    document.addEventListener("volumechange", ({ target }) => {
        if (!isOurs(target) || !isVisible(target)) return;
        sound.isOn = !target.muted && target.volume > 0;
        showSound();
    }, true);

    // gradio 3 and 4 have no button for the sound, that of 6 knows nothing of muting

    function addButtons(root) {
        const bar = element("div", "civitai-shortcut-video-bar");
        const mute = element("button", "civitai-shortcut-mute");
        mute.addEventListener("click", () => {
            const video = root.querySelector("video");
            if (!video) return;
            video.muted = sound.isOn;
            if (!video.muted && video.volume === 0) video.volume = 1;
        });
        const enlarge = element("button", "civitai-shortcut-enlarge");
        enlarge.addEventListener("click", () => ours.openLarge());
        for (const button of [mute, enlarge]) button.type = "button";
        bar.append(mute, enlarge);
        root.append(bar);
    }

    function showSound() {
        const bar = document.querySelector(`${PANEL} .civitai-shortcut-video-bar`);
        if (!bar) return;
        const [mute, enlarge] = bar.children;
        name(mute, sound.isOn ? "sound_off" : "sound_on");
        name(enlarge, "large_view");
    }

    function name(button, said) {
        if (button.title === word(said) && button.title) return;
        button.innerHTML = SIGNS[said];
        button.title = word(said);
        button.setAttribute("aria-label", word(said));
    }

    watch(() => {
        const root = document.querySelector(`${PANEL}:has(video)`);
        if (root && !root.querySelector(".civitai-shortcut-video-bar")) addButtons(root);
        showSound();
    });
})();
