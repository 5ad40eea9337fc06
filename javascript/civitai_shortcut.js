// The gallery tab in the page: the panel of download jobs, and what the other files here use too.
// Everything that came from Civitai is put in as text (textContent), never as markup.
(function () {
    "use strict";

    if (window.civitaiShortcut) return; // "Reload UI" and a second tag load it once more
    const ours = (window.civitaiShortcut = {});

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

    const TILE = `#${PREFIX}gallery .thumbnail-item`;
    const tiles = () => [...document.querySelectorAll(TILE)];
    const isVisible = (node) => Boolean(node && node.offsetParent !== null);

    function button(name) {
        const node = byId(`${name}_button`);
        return !node || node.tagName === "BUTTON" ? node : node.querySelector("button");
    }

    function press(name) {
        const node = button(name);
        if (!isVisible(node) || node.disabled) return false;
        node.click();
        return true;
    }

    Object.assign(ours, { PREFIX, TILE, button, byId, element, isVisible, press, tiles, toast });

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
    const POLL_SILENT = 1000; // ms, until then

    async function ask(path, options) {
        const answer = await fetch(address(path), options);
        const body = await answer.json();
        if (!answer.ok) throw Object.assign(new Error(body.error || String(answer.status)), { body });
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
                // The WebUI restarts, or is busy: it is asked again.
                if (++panel.silences === SILENCES) tellSilence(error);
                wait = panel.silences < SILENCES ? POLL_SILENT : POLL_IDLE;
            }
        }
        later(wait);
    }

    function jobsRoot() {
        return byId("jobs") && byId("jobs").querySelector(".civitai-shortcut-jobs");
    }

    function tellSilence(error) {
        const root = jobsRoot();
        const said = error.body ? error.message : panel.words.jobs_offline;
        if (!root || !said) return;
        root.prepend(element("p", "civitai-shortcut-note", said));
        root.classList.add("civitai-shortcut-silent");
        panel.shown = ""; // so that the next answer takes it away
    }

    function show(data) {
        for (const job of data.jobs) {
            // What was over when the page was opened is no news; a job may be over at first sight.
            const ended = job.state === "done" && panel.states.get(job.id) !== "done";
            if (ended && panel.isKnown && job.toast) toast(`${job.title}: ${job.toast}`);
            panel.states.set(job.id, job.state);
        }
        panel.isKnown = ours.isAnswered = true; // the server is up, and gradio at work
        panel.words = data.words;
        const root = jobsRoot();
        const text = JSON.stringify(data);
        if (!root || (text === panel.shown && root.childElementCount)) return;
        panel.shown = text;
        root.classList.remove("civitai-shortcut-silent");
        const open = new Set([...root.querySelectorAll("details[open]")].map((d) => d.dataset.job));
        root.replaceChildren(jobsHead(data));
        if (data.notice) root.append(element("p", "civitai-shortcut-note", data.notice));
        if (!data.jobs.length) root.append(element("p", "civitai-shortcut-hint", data.words.jobs_none));
        for (const job of data.jobs) root.append(jobRow(job, data.words, open));
    }

    function jobsHead(data) {
        const head = element("div", "civitai-shortcut-job-head");
        head.append(element("h3", "", data.words.jobs_title));
        const over = data.jobs.filter((job) => job.state === "done" && !job.toast);
        if (over.length > 1) {
            const button = element("button", "civitai-shortcut-clear", data.words.jobs_clear);
            button.type = "button";
            button.addEventListener("click", () => over.forEach((job) => act(job.id, "forget")));
            head.append(button);
        }
        return head;
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
        const buttons = element("span", "civitai-shortcut-job-buttons");
        for (const action of job.actions) {
            const button = element("button", `civitai-shortcut-${action.name}`, action.words);
            button.type = "button";
            button.addEventListener("click", () => act(job.id, action.name));
            buttons.append(button);
        }
        head.append(buttons);
        const bar = element("progress");
        bar.max = 100;
        bar.value = job.percent;
        row.append(head, bar);
        if (job.folder) row.append(element("p", "civitai-shortcut-folder", job.folder));
        if (job.note) row.append(element("p", "civitai-shortcut-note", job.note));
        if (job.failed.length) row.append(failedTable(job, words, open));
        return row;
    }

    function failedTable(job, words, open) {
        const box = element("details");
        box.dataset.job = job.id;
        box.open = open.has(String(job.id)) || !panel.seen.has(job.id);
        panel.seen.add(job.id);
        box.append(element("summary", "", job.failed_words));
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
        reason.title = item.code;
        reason.append(element("small", "", item.detail));
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

    document.addEventListener("visibilitychange", () => later(0));
    document.addEventListener("click", (event) => {
        if (event.target.closest && event.target.closest(`[id^=${PREFIX}download], #${PREFIX}save_picture_button`)) {
            later(POLL_BUSY);
        }
    });
    later(0);
})();
