// The gallery in the page: the full-screen picture, the ring, what keeps its place.
(function () {
    "use strict";

    const ours = window.civitaiShortcut;
    if (!ours || ours.large) return; // "Reload UI" and a second tag load it once more
    const { PREFIX, TILE, byId, element, isVisible, press, tiles } = ours;

    // The full-screen picture: wheel zooms, dragging moves, keys turn, Escape closes

    const large = (ours.large = { box: null, picture: null, line: null, zoom: 1, x: 0, y: 0 });

    function shownPicture() {
        const panelNode = byId("picture_panel");
        return isVisible(panelNode) ? panelNode.querySelector(`#${PREFIX}picture img`) : null;
    }

    function openLarge(source) {
        large.box = element("div");
        large.box.id = PREFIX + "large";
        large.picture = element("img");
        large.picture.alt = "";
        large.picture.draggable = false;
        large.line = element("p", "civitai-shortcut-large-line");
        const close = element("button", "civitai-shortcut-large-close", "✕");
        close.type = "button";
        close.addEventListener("click", closeLarge);
        const bar = element("div", "civitai-shortcut-large-bar");
        bar.append(
            largeButton("◀", () => press("previous_picture_button")),
            large.line,
            largeButton("▶", () => press("next_picture_button")),
            largeButton("★", () => press("mark_button"))
        );
        for (const part of [close, bar]) {
            part.addEventListener("pointerdown", (event) => event.stopPropagation());
        }
        large.box.append(large.picture, bar, close);
        large.box.addEventListener("wheel", zoomBy, { passive: false });
        large.box.addEventListener("pointerdown", grab);
        document.body.append(large.box);
        setLarge(source);
        followPosition();
    }

    function largeButton(text, deed) {
        const button = element("button", "", text);
        button.type = "button";
        button.addEventListener("click", deed);
        return button;
    }

    function setLarge(source) {
        if (large.picture.src === source) return;
        large.picture.src = source;
        Object.assign(large, { zoom: 1, x: 0, y: 0 });
        place();
    }

    function closeLarge() {
        if (large.box) large.box.remove();
        large.box = null;
    }

    ours.closeLarge = closeLarge;

    function place() {
        large.picture.style.transform = `translate(${large.x}px, ${large.y}px) scale(${large.zoom})`;
    }

    function zoomBy(event) {
        event.preventDefault();
        const zoom = Math.min(12, Math.max(1, large.zoom * (event.deltaY < 0 ? 1.2 : 1 / 1.2)));
        const middle = large.box.getBoundingClientRect();
        const dx = event.clientX - middle.width / 2 - large.x;
        const dy = event.clientY - middle.height / 2 - large.y;
        large.x = zoom === 1 ? 0 : large.x - dx * (zoom / large.zoom - 1);
        large.y = zoom === 1 ? 0 : large.y - dy * (zoom / large.zoom - 1);
        large.zoom = zoom;
        place();
    }

    function grab(event) {
        const start = { x: event.clientX - large.x, y: event.clientY - large.y };
        let moved = false;
        const move = (to) => {
            moved = moved || Math.hypot(to.clientX - event.clientX, to.clientY - event.clientY) > 4;
            large.x = to.clientX - start.x;
            large.y = to.clientY - start.y;
            if (large.zoom > 1) place();
        };
        const drop = () => {
            window.removeEventListener("pointermove", move);
            window.removeEventListener("pointerup", drop);
            if (!moved) closeLarge();
        };
        window.addEventListener("pointermove", move);
        window.addEventListener("pointerup", drop);
    }

    document.addEventListener("click", (event) => {
        const inPicture = event.target.closest && event.target.closest(`#${PREFIX}picture`);
        if (inPicture && event.target.tagName === "IMG") openLarge(event.target.src);
    });

    new MutationObserver(() => {
        const picture = large.box && shownPicture();
        if (picture) setLarge(picture.src);
    }).observe(document.documentElement, { subtree: true, attributeFilter: ["src"], attributes: true });

    // Which tile is the large picture: what the keys chose is ringed too, and nothing once it is closed

    let wasOpen = false;

    function followPosition() {
        const line = document.querySelector(`#${PREFIX}position [data-at]`);
        const at = line ? Number(line.dataset.at) : -1;
        tiles().forEach((tile, index) => {
            tile.classList.toggle("civitai-shortcut-chosen", index === at);
            const focused = document.activeElement;
            const isOfAnother = focused && focused !== tile && focused.closest(TILE);
            if (index === at && isOfAnother) tile.focus({ preventScroll: true }); // for Enter, too
        });
        if (large.box && line) large.line.textContent = line.textContent;
        if (large.box && !line) closeLarge();
        if (wasOpen && !line) goBack();
        wasOpen = Boolean(line);
    }

    const positionWatch = new MutationObserver(() => requestAnimationFrame(() => {
        followPosition();
        remember();
    }));

    // A page that is loaded anew ("Reload UI") opens the model that it had, once our tab is seen

    const OPENED = `${PREFIX}model`;
    let isRestored = false;

    const openedModel = () => document.querySelector(`#${PREFIX}status [data-model]`);

    function remember() {
        const line = openedModel();
        if (line) inSession((session) => session.setItem(OPENED, line.dataset.model));
    }

    function inSession(deed) {
        try {
            return deed(window.sessionStorage);
        } catch (error) {
            return null; // the browser keeps nothing for this site
        }
    }

    function restore() {
        const box = byId("model_box") && byId("model_box").querySelector("textarea, input");
        if (isRestored || !ours.isAnswered || !isVisible(byId("tab")) || !box) return;
        isRestored = true;
        const model = inSession((session) => session.getItem(OPENED));
        if (!model || openedModel()) return;
        box.value = model;
        box.dispatchEvent(new Event("input", { bubbles: true }));
        setTimeout(() => press("find_button"), 100);
    }

    // The grid keeps its height while a page is turned, so that nothing below it jumps

    const grid = { node: null, width: 0 };

    function keepHeight() {
        const node = grid.node;
        if (!isVisible(node)) return;
        if (node.offsetWidth !== grid.width) node.style.minHeight = "";
        grid.width = node.offsetWidth;
        if (node.querySelector("img")) node.style.minHeight = `${node.offsetHeight}px`;
    }

    const gridWatch = new ResizeObserver(keepHeight); // before the next frame is drawn

    setInterval(() => {
        restore();
        const node = byId("gallery");
        if (!node || node === grid.node) return;
        gridWatch.disconnect();
        grid.node = node;
        gridWatch.observe(node);
        positionWatch.disconnect();
        positionWatch.observe(byId("tab"), { childList: true, subtree: true, characterData: true });
    }, 400);

    // Where the picture stands below the grid, a click on a tile leads the eye to it, and closing back

    const NARROW = 800; // px, as in the style
    let cameFrom = null;

    function goBack() {
        if (cameFrom !== null) window.scrollTo({ top: cameFrom, behavior: "smooth" });
        cameFrom = null;
    }

    document.addEventListener("click", (event) => {
        const tile = event.target.closest && event.target.closest(TILE);
        if (!tile || window.innerWidth > NARROW) return;
        cameFrom = window.scrollY;
        const end = Date.now() + 5000;
        const look = () => {
            const shown = byId("picture_panel");
            if (isVisible(shown)) shown.scrollIntoView({ block: "start", behavior: "smooth" });
            else if (Date.now() < end) setTimeout(look, 100);
        };
        setTimeout(look, 100);
    });
})();
