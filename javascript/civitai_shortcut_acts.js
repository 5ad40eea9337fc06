// Quick presses in their order: one about the picture waits for the answer to the one before it, for
// it is meant for what that one brings. So does one that turns the page where gradio 3 would drop it.
(function () {
    "use strict";

    const ours = window.civitaiShortcut;
    if (!ours || ours.acts) return; // "Reload UI" and a second tag load it once more
    const { PREFIX, TILE, button, isVisible, press, tiles } = ours;

    const PATIENCE = 8000; // ms; what was not answered by then holds nobody up
    const SETTLES = 40; // ms from an answer's arrival until all of it is put in
    const SOON = 1000; // ms; by then a page's turn has made the way back possible
    const LOOKS = 30; // ms between two looks for what gradio takes away for a moment

    const gradioMajor = () => parseInt((window.gradio_config || {}).version, 10);
    const isSelected = (tile) => Boolean(tile && tile.classList.contains("selected"));
    // Not all that stands there: gradio 3 counts seconds in it while an answer is on its way
    const pageNow = () => document.querySelector(`#${PREFIX}page_text .civitai-shortcut-status`)?.textContent;
    const later = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

    // A lane: acts that wait, one after another

    const lane = (name) => ({ name, waiting: [], now: null, isAnswered: null });
    const lanes = { page: lane("page"), picture: lane("picture") };
    ours.acts = lanes;

    let isOwn = false; // a click that comes from here

    async function work(lane) {
        if (lane.now) return;
        while ((lane.now = lane.waiting.shift())) {
            await (async () => lane.now.deed(lane.now))().catch(reportError); // it holds up no other
        }
    }

    function add(lane, kind, deed, more) {
        lane.waiting.push({ kind, deed, ...more });
        work(lane);
    }

    function own(deed) {
        isOwn = true;
        const done = deed();
        isOwn = false;
        return done;
    }

    // Not its click(), which is nothing while another one of the same button is under way: see
    // https://html.spec.whatwg.org/multipage/interaction.html#dom-click
    const click = (node) => own(() => node.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true })));

    // The server numbers its answers to what is pressed, and says where it is then

    function answer(lane) {
        const line = document.querySelector(`#${PREFIX}${lane.name}_answers [data-answers]`);
        return line ? line.dataset : {};
    }

    function answered(lane, node) {
        const before = answer(lane).answers;
        return new Promise((resolve) => {
            const patience = setTimeout(resolve, PATIENCE);
            lane.isAnswered = () => {
                if (answer(lane).answers === before) return;
                clearTimeout(patience);
                lane.isAnswered = null;
                setTimeout(resolve, SETTLES);
            };
            click(node);
        });
    }

    new MutationObserver(() => {
        for (const lane of Object.values(lanes)) if (lane.isAnswered) lane.isAnswered();
    }).observe(document.documentElement, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-answers"] });

    const pressed = (lane, node) => () => (node && node.isConnected && !node.disabled ? answered(lane, node) : null);

    // A page's turn; the key for the way back may come before that button can be pressed

    const turned = { name: "", at: 0 };

    function addTurn(event, name) {
        Object.assign(turned, { name, at: Date.now() });
        if (gradioMajor() < 4) take(event, () => add(lanes.page, "turn", pressed(lanes.page, button(name))));
    }

    ours.turnSoon = function (name) {
        if (press(name)) return true;
        const mayCome = () => lanes.page.now || Date.now() - turned.at < SOON;
        if (turned.name === name || !mayCome()) return false; // there is nothing there
        const pressLater = () => press(name) || (mayCome() && setTimeout(pressLater, LOOKS));
        turned.name = name;
        pressLater();
        return true;
    };

    // The picture: a tile, a step, closing

    const { picture } = lanes;
    const keepsSelection = () => gradioMajor() < 6; // see `host.releases_gallery`
    const isOpen = () => Boolean(document.querySelector(`#${PREFIX}position [data-at]`));
    const placeNow = () => (isOpen() ? answer(picture) : {}); // that line's own may come late

    const kinds = () => [picture.now, ...picture.waiting].map((act) => act && act.kind);
    const isOpening = () => kinds().lastIndexOf("tile") > kinds().lastIndexOf("close");

    // Enter on the tile that has the focus, which follows, is meant for the one that it leads to
    ours.isStepping = () => kinds().includes("step");

    function forgetWhatIsPassedOver() {
        const isPassedOver = (act) => act && (act.kind === "tile" || act.kind === "step");
        while (isPassedOver(picture.waiting.at(-1))) picture.waiting.pop();
    }

    function addTile(at) {
        forgetWhatIsPassedOver();
        add(picture, "tile", openTile, { at, page: pageNow() });
    }

    async function openTile({ at, page }) {
        const tile = tiles()[at];
        if (!tile || pageNow() !== page) return; // it was of the page before
        if (!isSelected(tile) || !keepsSelection()) return answered(picture, tile);
        // gradio 3 and 4 tell of no click on the tile which was clicked last, whatever is shown since
        const other = tiles()[at ? 0 : 1];
        if (Number(placeNow().at) === at || !other) return click(tile);
        await answered(picture, other);
        await answered(picture, tile);
    }

    function addStep(by) {
        const last = picture.waiting.at(-1);
        if (last && last.kind === "step" && last.by * by > 0) last.by += by;
        else add(picture, "step", step, { by });
    }

    // Within the page a step is a click on that tile, so that gradio knows which one is chosen
    async function step(act) {
        let end = null; // where a step over the page's end began
        while (act.by !== 0) {
            const { page, at: place } = placeNow();
            if (place === undefined || end === `${page} ${place}`) return; // closed, or the gallery's end
            const at = Number(place);
            const last = Math.max(at, tiles().length - 1); // the next page's may still be to come
            const to = Math.max(0, Math.min(at + act.by, last));
            const isInside = to !== at && tiles().length > to && !isSelected(tiles()[to]);
            const by = isInside ? to - at : Math.sign(act.by);
            act.by -= by;
            end = isInside ? null : `${page} ${place}`;
            ours.isStep = isInside;
            const answer = answered(picture, isInside ? tiles()[to] : button(STEPS[by]));
            ours.isStep = false;
            await answer;
        }
    }

    function addClose() {
        forgetWhatIsPassedOver();
        ours.hidePicture(); // at once
        add(picture, "close", close);
    }

    async function close() {
        if ((answer(picture).at === undefined && !isOpen()) || !button("close")) return;
        places = tiles().map((tile) => tile.getBoundingClientRect());
        placesTop = window.scrollY;
        await answered(picture, button("close"));
        const end = Date.now() + PATIENCE;
        const isBack = () => tiles().length && !(keepsSelection() && tiles().some(isSelected));
        while (!isBack() && Date.now() < end) await later(LOOKS);
    }

    // gradio 3 and 4 take the grid away for a moment: then no tile is the chosen one any more. Who
    // clicks there meanwhile means the tile that has this place.
    let places = [];
    let placesTop = 0;

    const isGone = () => picture.now && picture.now.kind === "close" && !tiles().length;

    function tileAt(event) {
        const tile = event.target.closest(TILE);
        if (tile) return tiles().indexOf(tile);
        if (!isGone() || !event.target.closest(`#${PREFIX}gallery`)) return -1;
        const x = event.clientX;
        const y = event.clientY + window.scrollY - placesTop;
        return places.findIndex((box) => box.left <= x && x < box.right && box.top <= y && y < box.bottom);
    }

    // The first one (0) or the last one (-1), by a key; whether there is one
    ours.openTile = function (end) {
        const tile = tiles().at(end);
        if (isVisible(tile)) tile.click();
        else if (isGone()) addTile(end ? places.length - 1 : 0);
        return isVisible(tile) || isGone();
    };

    // What is pressed, by a click or a key

    const STEPS = { 1: "next_picture", "-1": "previous_picture" };
    const selectorOf = (name) => `#${PREFIX}${name}_button`;
    const addPress = (name) => add(picture, "press", () => pressed(picture, button(name))());
    const addDownload = (name) => add(picture, "download", () => clickAny(name));
    const deeds = {
        [STEPS[1]]: () => addStep(1),
        [STEPS[-1]]: () => addStep(-1),
        close: addClose,
        mark: addPress,
        clear_marks: addPress,
        download_marked: addDownload,
        save_picture: addDownload,
    };

    // A key may come before the picture that it is meant for
    ours.pressSoon = function (name) {
        if (press(name)) return true;
        if (isOpening()) deeds[name](name);
        return isOpening();
    };

    // A mark that is still on its way decides what is downloaded
    ours.download = function () {
        const deed = () => clickAny("download_marked", "save_picture");
        if (!picture.now) return deed();
        add(picture, "download", deed);
        return true;
    };

    function clickAny(...names) {
        const node = names.map(button).find((one) => isVisible(one) && !one.disabled);
        if (node) click(node);
        return Boolean(node);
    }

    function take(event, deed) {
        event.stopImmediatePropagation();
        event.preventDefault();
        deed();
    }

    document.addEventListener("click", (event) => {
        if (isOwn || !event.target.closest) return;
        const at = tileAt(event);
        if (at >= 0) return take(event, () => addTile(at));
        const name = Object.keys(deeds).find((one) => event.target.closest(selectorOf(one)));
        if (name) return take(event, () => deeds[name](name));
        const turn = ["next", "previous"].find((one) => event.target.closest(selectorOf(one)));
        if (turn) addTurn(event, turn);
    }, true);
})();
