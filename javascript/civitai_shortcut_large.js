// The full-screen view: wheel, + - 0 and a click zoom, dragging moves, keys turn, Escape closes.
(function () {
    "use strict";

    const ours = window.civitaiShortcut;
    if (!ours || ours.large) return; // "Reload UI" and a second tag load it once more
    const { PREFIX, byId, element, isVisible, press, tiles, watch, word } = ours;

    const MOST_ZOOM = 12;
    const DOUBLE = 350; // ms: the second click of a double one is no click of its own
    const MOVED = 4; // px, from which on a click is a drag
    const STILL = { zoom: 1, x: 0, y: 0 };
    const large = (ours.large = { box: null, media: null, line: null, at: "", ...STILL });

    // What it is made of

    function openLarge() {
        const source = shown();
        if (!source || large.box) return;
        large.cameFrom = document.activeElement;
        large.box = element("div");
        large.box.id = PREFIX + "large";
        large.box.tabIndex = -1;
        large.box.setAttribute("role", "dialog");
        large.box.setAttribute("aria-modal", "true");
        large.box.setAttribute("aria-label", word("large_view"));
        large.line = element("p", "civitai-shortcut-large-line");
        large.line.setAttribute("aria-live", "polite");
        large.mark = largeButton("☆", "say_mark", () => press("mark"));
        const close = largeButton("✕", "say_close", closeLarge);
        close.className = "civitai-shortcut-large-close";
        const bar = element("div", "civitai-shortcut-large-bar");
        bar.append(
            largeButton("◀", "say_previous", () => press("previous_picture")),
            large.line,
            largeButton("▶", "say_next", () => press("next_picture")),
            large.mark
        );
        large.box.append(bar, close);
        large.box.addEventListener("wheel", zoomByWheel, { passive: false });
        large.box.addEventListener("pointerdown", grab);
        document.body.append(large.box);
        follow();
        large.box.focus({ preventScroll: true });
    }

    function largeButton(text, said, deed) {
        const button = element("button", "", text);
        button.type = "button";
        button.title = word(said);
        button.setAttribute("aria-label", word(said));
        button.addEventListener("click", deed);
        return button;
    }

    function closeLarge() {
        if (!large.box) return;
        const { media, cameFrom } = large;
        large.box.remove();
        Object.assign(large, { box: null, media: null, at: "", ...STILL });
        if (media && media.tagName === "VIDEO") goOnInPanel(media);
        const back = isVisible(cameFrom) ? cameFrom : document.querySelector(".civitai-shortcut-chosen");
        if (back && back !== document.body) back.focus({ preventScroll: true });
    }

    Object.assign(ours, { openLarge, closeLarge });

    // What it shows: the panel's picture or video, and what follows it there

    function shown() {
        const panel = byId("picture_panel");
        if (!isVisible(panel)) return null;
        return ours.panelVideo() || panel.querySelector(`#${PREFIX}picture img`);
    }

    function follow() {
        if (!large.box) return;
        const line = ours.positionLine();
        if (!line) return closeLarge();
        const tile = tiles()[Number(line.dataset.at)];
        const source = shown();
        if (source) take(source);
        if (line.dataset.at !== large.at) move(STILL);
        large.at = line.dataset.at;
        if (large.line.textContent !== line.textContent) large.line.textContent = line.textContent;
        const isMarked = line.textContent.includes("★");
        large.mark.setAttribute("aria-pressed", String(isMarked));
        if (large.mark.textContent.includes("★") !== isMarked) large.mark.textContent = isMarked ? "★" : "☆";
        const said = [line.textContent, tile ? tile.textContent.trim() : ""].join(" · ");
        if (large.media) large.media[large.media.alt === undefined ? "ariaLabel" : "alt"] = said;
    }

    function take(source) {
        const address = source.currentSrc || source.src;
        if (large.media && large.media.src === address) return;
        if (!large.media || large.media.tagName !== source.tagName) {
            const made = source.tagName === "VIDEO" ? newVideo(source) : newPicture();
            if (large.media) large.media.remove();
            large.media = made;
            large.box.prepend(made);
        }
        large.media.src = address;
    }

    function newPicture() {
        const picture = element("img");
        picture.draggable = false;
        picture.addEventListener("load", () => fit(picture.naturalWidth / picture.naturalHeight));
        return picture;
    }

    // It goes on from where it is in the panel, and there again from where it is here

    function newVideo(source) {
        const video = element("video");
        Object.assign(video, { controls: true, autoplay: true, loop: true, playsInline: true });
        video.muted = !ours.sound.isOn;
        video.addEventListener("loadedmetadata", () => fit(video.videoWidth / video.videoHeight));
        const { currentTime, ended } = source;
        video.addEventListener("loadedmetadata", () => {
            if (!ended) video.currentTime = currentTime;
        }, { once: true });
        source.pause();
        return video;
    }

    function goOnInPanel(video) {
        const { currentTime, paused } = video;
        video.pause();
        const panel = ours.panelVideo();
        if (!panel || panel.currentSrc !== video.src) return;
        panel.muted = !ours.sound.isOn;
        panel.currentTime = currentTime;
        if (!paused) panel.play().catch(() => {}); // the browser may want a click first
    }

    function fit(ratio) {
        if (large.media && ratio > 0) large.media.style.setProperty("--ratio", ratio);
    }

    // Zoom and place

    function move(to) {
        Object.assign(large, to);
        if (!large.media) return;
        const { x, y, zoom } = large;
        large.media.style.transform = `translate(${x}px, ${y}px) scale(${zoom})`;
        large.box.classList.toggle("civitai-shortcut-zoomed", zoom > 1);
    }

    // at: the point that stays where it is; without one, the middle does
    function zoomTo(wished, at) {
        const zoom = Math.min(MOST_ZOOM, Math.max(1, wished));
        if (zoom === 1) return move(STILL);
        const box = large.box.getBoundingClientRect();
        const dx = at ? at.clientX - box.width / 2 - large.x : -large.x;
        const dy = at ? at.clientY - box.height / 2 - large.y : -large.y;
        const more = zoom / large.zoom - 1;
        return move({ zoom, x: large.x - dx * more, y: large.y - dy * more });
    }

    function zoomByWheel(event) {
        event.preventDefault();
        zoomTo(large.zoom * (event.deltaY < 0 ? 1.2 : 1 / 1.2), event);
    }

    let clicked = 0;

    function click(event) {
        if (event.target !== large.media) return closeLarge();
        if (Date.now() - clicked < DOUBLE) return undefined;
        clicked = Date.now();
        return zoomTo(large.zoom > 1 ? 1 : 2, event);
    }

    // The other buttons of a mouse are the browser's: its menu, to save the picture
    function grab(event) {
        const isMedia = event.target === large.media && large.media.tagName === "IMG";
        if (event.button !== 0 || !event.isPrimary || !(isMedia || event.target === large.box)) return;
        const start = { x: event.clientX - large.x, y: event.clientY - large.y };
        let moved = false;
        const drag = (to) => {
            moved = moved || Math.hypot(to.clientX - event.clientX, to.clientY - event.clientY) > MOVED;
            if (moved && large.box && large.zoom > 1) {
                move({ x: to.clientX - start.x, y: to.clientY - start.y });
            }
        };
        const drop = (to) => {
            window.removeEventListener("pointermove", drag);
            window.removeEventListener("pointerup", drop);
            window.removeEventListener("pointercancel", drop);
            if (!moved && large.box && to.type === "pointerup") click(event);
        };
        window.addEventListener("pointermove", drag);
        window.addEventListener("pointerup", drop);
        window.addEventListener("pointercancel", drop);
    }

    // Its keys, ahead of all others; those that turn and mark are the tab's own

    const keys = {
        Escape: closeLarge,
        "+": () => zoomTo(large.zoom * 1.5),
        "=": () => zoomTo(large.zoom * 1.5),
        "-": () => zoomTo(large.zoom / 1.5),
        0: () => zoomTo(1),
    };

    function keepInside(event) {
        const parts = [...large.box.querySelectorAll("button, video")];
        const at = parts.indexOf(document.activeElement);
        const next = event.shiftKey ? (at < 0 ? parts.length : at) - 1 : at + 1;
        if (at >= 0 && next >= 0 && next < parts.length) return; // a video has parts of its own
        event.preventDefault();
        parts[(next + parts.length) % parts.length].focus();
    }

    window.addEventListener("keydown", (event) => {
        if (!large.box || event.ctrlKey || event.altKey || event.metaKey) return;
        if (event.key === "Tab") keepInside(event);
        if (!keys[event.key]) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        keys[event.key]();
    }, true);

    document.addEventListener("click", (event) => {
        const inPicture = event.target.closest && event.target.closest(`#${PREFIX}picture`);
        const button = inPicture && event.target.closest("button"); // Enter presses it
        const isPicture = event.target.tagName === "IMG" || (button && button.querySelector("img"));
        if (inPicture && isPicture) openLarge();
    });

    watch(follow);
    new MutationObserver(follow).observe(document.documentElement, {
        subtree: true,
        attributes: true,
        attributeFilter: ["src"],
    });
})();
