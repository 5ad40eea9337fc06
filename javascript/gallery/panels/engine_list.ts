/** The programs that make images, in the settings: those that answer, and what to do with one that
 * cannot be used. */

import type { EngineView } from "../contract";
import { button, el } from "../core/dom";
import { makeTextField, onEnter } from "../core/widgets";
import { getErrorMessage } from "../data/api";
import { makeFoldersButton } from "../details/readiness";
import type { Context, State } from "../types";

export function makeEngineList(context: Context) {
  const { actions, api, signal, store, translate } = context;
  const list = el("ul", { class: "engines stack" });
  const none = el("p", { class: "dim", role: "status" });
  const look = {
    action: "find-engines",
    icon: "again",
    label: translate("engine_find"),
  } as const;
  const element = el(
    "fieldset",
    {},
    el("legend", {}, translate("engine_found")),
    el("p", { class: "dim" }, translate("engine_hint")),
    list,
    none,
    el("div", { class: "row" }, button(look, load)),
  );
  const draw = ({ engines }: State) => {
    list.replaceChildren(...engines.map(makeRow));
  };
  store.on(["engines"], draw, context);
  draw(store.get());

  /** Ask again which programs answer. */
  async function load() {
    none.textContent = translate("waiting");
    await actions.findEngines(true);
    const { engines } = store.get();
    none.textContent = engines.length ? "" : translate("engine_none_found");
  }

  function makeRow(engine: EngineView) {
    const { name, address, state, message, model_folders: folders } = engine;
    return el(
      "li",
      { "data-state": state },
      el("strong", { dir: "auto" }, name),
      el("span", { class: "dim", dir: "ltr" }, address),
      el("p", { role: "status", dir: "auto" }, message || translate("engine_ready")),
      state === "needs_login" && makeLogin(engine),
      folders && makeFoldersButton(context, folders),
    );
  }

  /** Return the fields for a login. Not a `<form>`, as for the API key. */
  function makeLogin({ id }: EngineView) {
    const wrong = el("p", { class: "wrong", role: "alert" });
    const make = (type: string, label: string) => {
      const how = { type, placeholder: label, autocomplete: "off" };
      return makeTextField(`engine-${type}`, label, { ...how, on: { keydown: onEnter(save) } });
    };
    const save = async () => {
      wrong.textContent = "";
      try {
        const login = `${user.value.trim()}:${password.value}`;
        await api.put("engines/login", { engine: id, login }, { signal });
        await load();
        wrong.textContent = translate("engine_login_refused"); // else this row went
      } catch (error) {
        wrong.textContent = getErrorMessage(error, translate);
      }
    };
    const user = make("text", translate("engine_user"));
    const password = make("password", translate("engine_password"));
    const look = { action: "save-login", label: translate("engine_login"), class: "primary" };
    return el("div", {}, el("div", { class: "row" }, user, password, button(look, save)), wrong);
  }
  return { element, load };
}
