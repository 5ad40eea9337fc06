// The gallery tab in the page: the panel of download jobs, the keys, the full-screen picture.
// Everything that came from Civitai is put in as text (textContent), never as markup.
(function () {
    "use strict";

    if (window.civitaiShortcut) return; // "Reload UI" and a second tag load it once more
    window.civitaiShortcut = true;

    const PREFIX = "civitai_shortcut_";
    const POLL_BUSY = 500; // ms, while a job is at work
    const POLL_IDLE = 4000; // ms
    const byId = (name) => document.getElementById(PREFIX + name);
    const address = (path) => new URL(`civitai_shortcut/${path}`, document.baseURI).toString();

    function element(tag, className, text) {
        const made = document.createElement(tag);
        if (className) made.className = className;
        if (text !== undefined) made.textContent = text;
        return made;
    }

    const isVisible = (node) => Boolean(node && node.offsetParent !== null);

    // Toasts, for what happens while no handler runs

    function toast(text) {
        let stack = document.getElementById(PREFIX + "toasts");
        if (!stack) {
            stack = element("div");
            stack.id = PREFIX + "toasts";
            stack.setAttribute("role", "status");
            document.body.append(stack);
        }
        const shown = element("div", "civitai-shortcut-toast", text);
        shown.addEventListener("click", () => shown.remove());
        stack.append(shown);
        setTimeout(() => shown.remove(), 10000);
    }

    // The panel of jobs

    const panel = {
        states: new Map(), seen: new Set(), isKnown: false, shown: "", words: {}, silences: 0, timer: 0
    };
    const SILENCES = 3; // in a row: then the user is told

    async function ask(path, options) {
        const answer = await fetch(address(path), options);
        const body = await answer.json();
        if (!answer.ok) throw new Error(body.error || String(answer.status));
        return body;
    }

    async function act(job, action) {
        const options = { method: "POST", headers: { "X-Civitai-Shortcut": "1" } };
        if (action === "retry") panel.states.set(job, "queued"); // it may be over again at once
        try {
            show(await ask(`jobs/${job}/${action}`, options));
        } catch (error) {
            toast(error.message);
        }
        later(POLL_BUSY);
    }

    function later(milliseconds) {
        clearTimeout(panel.timer);
        panel.timer = setTimeout(poll, milliseconds);
    }

    async function poll() {
        let wait = byId("jobs") ? POLL_IDLE : POLL_BUSY; // the page is still being built
        if (byId("jobs") && document.visibilityState === "visible") {
            try {
                const data = await ask("jobs");
                panel.silences = 0;
                show(data);
                if (data.jobs.some((job) => ["running", "queued"].includes(job.state))) {
                    wait = POLL_BUSY;
                }
            } catch (error) {
                wait = POLL_IDLE; // the WebUI restarts, or is busy: it is asked again
                if (++panel.silences === SILENCES) tellSilence();
            }
        }
        later(wait);
    }

    function jobsRoot() {
        return byId("jobs") && byId("jobs").querySelector(".civitai-shortcut-jobs");
    }

    function tellSilence() {
        const root = jobsRoot();
        if (!root || !panel.words.jobs_offline) return;
        root.prepend(element("p", "civitai-shortcut-note", panel.words.jobs_offline));
        panel.shown = ""; // so that the next answer takes it away
    }

    function show(data) {
        for (const job of data.jobs) {
            // What was over when the page was opened is no news; a job may be over at first sight.
            const ended = job.state === "done" && panel.states.get(job.id) !== "done";
            if (ended && panel.isKnown && job.toast) toast(`${job.title}: ${job.toast}`);
            panel.states.set(job.id, job.state);
        }
        panel.isKnown = true;
        panel.words = data.words;
        const root = jobsRoot();
        const text = JSON.stringify(data);
        if (!root || (text === panel.shown && root.childElementCount)) return;
        panel.shown = text;
        const open = new Set([...root.querySelectorAll("details[open]")].map((d) => d.dataset.job));
        root.replaceChildren(element("h3", "", data.words.jobs_title));
        if (!data.jobs.length) root.append(element("p", "civitai-shortcut-hint", data.words.jobs_none));
        for (const job of data.jobs) root.append(jobRow(job, data.words, open));
    }

    function jobRow(job, words, open) {
        const row = element("div", `civitai-shortcut-job ${job.state}`);
        row.classList.toggle("has-failed", Boolean(job.toast));
        row.dataset.job = job.id;
        const head = element("div", "civitai-shortcut-job-head");
        head.append(
            element("b", "", `#${job.id} ${job.title}`),
            element("span", "civitai-shortcut-job-state", job.state_words),
            element("span", "civitai-shortcut-job-line", job.line)
        );
        for (const action of job.actions) {
            const button = element("button", `civitai-shortcut-${action.name}`, action.words);
            button.type = "button";
            button.addEventListener("click", () => act(job.id, action.name));
            head.append(button);
        }
        const bar = element("progress");
        bar.max = 100;
        bar.value = job.percent;
        row.append(head, bar);
        if (job.note) row.append(element("p", "civitai-shortcut-note", job.note));
        if (job.failed.length) row.append(failedTable(job, words, open));
        return row;
    }

    function failedTable(job, words, open) {
        const box = element("details");
        box.dataset.job = job.id;
        box.open = open.has(String(job.id)) || !panel.seen.has(job.id);
        panel.seen.add(job.id);
        box.append(element("summary", "", job.toast));
        const table = element("table");
        const head = element("tr");
        head.append(element("th", "", words.failed_picture), element("th", "", words.failed_reason));
        table.append(head);
        for (const item of job.failed) table.append(failedRow(item));
        box.append(table);
        if (job.more) box.append(element("p", "", job.more));
        return box;
    }

    function failedRow(item) {
        const row = element("tr");
        const cell = element("td");
        const link = element("a", "", String(item.id));
        link.href = item.page;
        link.target = "_blank";
        link.rel = "noopener noreferrer";
        if (item.thumbnail) link.prepend(thumbnail(item.thumbnail));
        cell.append(link);
        const reason = element("td", "", `${item.reason} `);
        reason.append(element("small", "", item.code));
        row.append(cell, reason);
        return row;
    }

    function thumbnail(name) {
        const picture = element("img");
        picture.alt = "";
        picture.loading = "lazy";
        picture.src = address(`thumbnail/${encodeURIComponent(name)}`);
        picture.addEventListener("error", () => picture.remove());
        return picture;
    }

    // The full-screen picture: wheel zooms, dragging moves, keys turn, Escape closes

    const large = { box: null, picture: null, line: null, zoom: 1, x: 0, y: 0 };

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
        close.addEventListener("pointerdown", (event) => event.stopPropagation());
        large.box.append(large.picture, large.line, close);
        large.box.addEventListener("wheel", zoomBy, { passive: false });
        large.box.addEventListener("pointerdown", grab);
        document.body.append(large.box);
        setLarge(source);
        followPosition();
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

    function followPosition() {
        const line = document.querySelector(`#${PREFIX}position [data-at]`);
        const at = line ? Number(line.dataset.at) : -1;
        document.querySelectorAll(`#${PREFIX}gallery .thumbnail-item`).forEach((tile, index) => {
            tile.classList.toggle("civitai-shortcut-chosen", index === at);
        });
        if (large.box && line) large.line.textContent = line.textContent;
        if (large.box && !line) closeLarge();
    }

    const positionWatch = new MutationObserver(() => requestAnimationFrame(followPosition));

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
        const node = byId("gallery");
        if (!node || node === grid.node) return;
        gridWatch.disconnect();
        grid.node = node;
        gridWatch.observe(node);
        positionWatch.disconnect();
        positionWatch.observe(byId("tab"), { childList: true, subtree: true, characterData: true });
    }, 400);

    // Where the picture stands below the grid, a click on a tile leads the eye to it

    document.addEventListener("click", (event) => {
        const tile = event.target.closest && event.target.closest(`#${PREFIX}gallery .thumbnail-item`);
        if (!tile || window.innerWidth > 1000) return;
        const end = Date.now() + 5000;
        const look = () => {
            const shown = byId("picture_panel");
            if (isVisible(shown)) shown.scrollIntoView({ block: "start", behavior: "smooth" });
            else if (Date.now() < end) setTimeout(look, 100);
        };
        setTimeout(look, 100);
    });

    // Keys, only where our tab is on screen and nobody writes

    const keys = {
        ArrowLeft: () => press("previous_picture_button"),
        ArrowRight: () => press("next_picture_button"),
        PageUp: () => press("previous_button"),
        PageDown: () => press("next_button"),
        " ": () => press("mark_button"),
        d: () => press("download_marked_button") || press("save_picture_button"),
        Escape: () => (large.box ? (closeLarge(), true) : press("close_button")),
    };

    function press(name) {
        const node = byId(name);
        const button = node && (node.tagName === "BUTTON" ? node : node.querySelector("button"));
        if (!isVisible(button) || button.disabled) return false;
        button.click();
        return true;
    }

    function isWriting(target) {
        return Boolean(target.closest && target.closest("input, textarea, select, [contenteditable]"));
    }

    document.addEventListener(
        "keydown",
        (event) => {
            if (event.ctrlKey || event.altKey || event.metaKey || !isVisible(byId("tab"))) return;
            const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
            if (isWriting(event.target) || !keys[key]) return;
            if (keys[key]()) {
                event.preventDefault();
                event.stopImmediatePropagation(); // a focused button would take Space as a click
            }
        },
        true
    );
    document.addEventListener("keyup", (event) => {
        const ours = event.target.closest && event.target.closest(`#${PREFIX}tab`);
        if (event.key === " " && ours && !isWriting(event.target)) event.preventDefault();
    }, true);
    document.addEventListener("visibilitychange", () => later(0));
    document.addEventListener("click", (event) => {
        if (event.target.closest && event.target.closest(`[id^=${PREFIX}download], #${PREFIX}save_picture_button`)) {
            later(POLL_BUSY);
        }
    });
    later(0);
})();
