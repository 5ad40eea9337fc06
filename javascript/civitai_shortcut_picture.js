// The gallery in the page: the ring, the marks, what keeps its place and what comes back.
(function () {
    "use strict";

    const ours = window.civitaiShortcut;
    if (!ours || ours.positionLine) return; // "Reload UI" and a second tag load it once more
    const { PREFIX, TILE, button, byId, isVisible, openedModel, press, tiles, watch } = ours;

    // Which tile is the large picture: what the keys chose is ringed too, and nothing once it is closed

    let wasOpen = false;

    const CLOSED = "civitai-shortcut-closed"; // a class of the tab, for the style
    const isClosed = () => byId("tab").classList.contains(CLOSED);
    const lineThere = () => document.querySelector(`#${PREFIX}position [data-at]`);
    ours.positionLine = () => (isClosed() ? null : lineThere());

    function followPosition() {
        const line = ours.positionLine();
        const at = line ? Number(line.dataset.at) : -1;
        tiles().forEach((tile, index) => {
            tile.classList.toggle("civitai-shortcut-chosen", index === at);
            tile.classList.toggle("civitai-shortcut-marked", tile.textContent.trim().startsWith("★"));
            const focused = document.activeElement;
            const isOfAnother = focused && focused !== tile && focused.closest(TILE);
            if (index === at && isOfAnother) tile.focus({ preventScroll: true }); // for Enter, too
        });
        if (wasOpen && !line) goBack();
        wasOpen = Boolean(line);
    }

    watch(followPosition);

    // A picture that is closed is so at once, and stays closed until a tile is clicked: gradio 3 may
    // bring an answer of before after the one that closes it

    const GOES_OUT = 1000; // ms; what stands there then came so
    const MOST_TIMES = 5;
    let closings = 0;
    let closing = 0; // the timer

    ours.hidePicture = function () {
        byId("tab").classList.add(CLOSED);
        clearTimeout(closing);
        closing = 0;
        followPosition();
    };

    function closeAgain() {
        closing = 0;
        if (ours.acts.picture.now) closeSoon(); // what is pressed comes first
        else if (isClosed() && lineThere() && ++closings <= MOST_TIMES) button("close").click();
    }

    function closeSoon() {
        if (isClosed() && lineThere() && !closing) closing = setTimeout(closeAgain, GOES_OUT);
    }

    watch(closeSoon);

    document.addEventListener("click", (event) => {
        if (!event.target.closest || !event.target.closest(TILE)) return;
        if (ours.acts.picture.waiting.some((act) => act.kind === "close")) return; // it was before that
        closings = 0;
        byId("tab").classList.remove(CLOSED);
        followPosition();
    }, true);

    // A page that is loaded anew ("Reload UI") opens the model that it had, once our tab is seen

    const OPENED = `${PREFIX}model`;
    const EXAMPLE_COMES = 10000; // ms at most, until the model that the page opens by itself is there
    const wanted = inSession((session) => session.getItem(OPENED));
    const loaded = Date.now();
    let isRestored = false;
    let example = null; // the page's own model, while the one that it had is on its way

    function inSession(deed) {
        try {
            return deed(window.sessionStorage);
        } catch (error) {
            return null; // the browser keeps nothing for this site
        }
    }

    function remember() {
        const line = isRestored && openedModel();
        if (!line || line.dataset.model === example) return;
        example = null;
        inSession((session) => session.setItem(OPENED, line.dataset.model));
    }

    watch(remember);
    window.addEventListener("pagehide", remember); // what has just come was not drawn yet

    function restore() {
        const box = byId("model_box") && byId("model_box").querySelector("textarea, input");
        if (isRestored || !ours.isAnswered || !isVisible(byId("tab")) || !box) return;
        const opened = openedModel();
        // Of two that are opened at once the later one would win: the page's own goes first.
        if (wanted && box.value && !opened && Date.now() - loaded < EXAMPLE_COMES) return;
        isRestored = true;
        if (!wanted || (opened && opened.dataset.model === wanted)) return;
        example = opened && opened.dataset.model;
        box.value = wanted;
        box.dispatchEvent(new Event("input", { bubbles: true }));
        setTimeout(() => press("find"), 100);
    }

    // Who already does something has what they have
    for (const kind of ["keydown", "pointerdown", "input"]) {
        document.addEventListener(kind, (event) => {
            const isOurs = event.target.closest && event.target.closest(`#${PREFIX}tab`);
            if (!event.isTrusted || !isOurs) return;
            isRestored = true;
            example = null;
        }, true);
    }

    // The grid keeps its height while a page is turned, so that nothing below it jumps

    const grid = { node: null, width: 0, columns: "" };

    function keepHeight() {
        const node = grid.node;
        if (!isVisible(node)) return;
        const columns = getComputedStyle(node).getPropertyValue("--columns");
        if (node.offsetWidth !== grid.width || columns !== grid.columns) node.style.minHeight = "";
        Object.assign(grid, { width: node.offsetWidth, columns });
        if (node.querySelector("img")) node.style.minHeight = `${node.offsetHeight}px`;
    }

    const gridWatch = new ResizeObserver(keepHeight); // before the next frame is drawn
    watch(keepHeight); // other columns

    setInterval(() => {
        restore();
        const node = byId("gallery");
        if (!node || node === grid.node) return;
        gridWatch.disconnect();
        grid.node = node;
        gridWatch.observe(node);
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
        if (!tile || ours.isStep || window.innerWidth > NARROW) return;
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
