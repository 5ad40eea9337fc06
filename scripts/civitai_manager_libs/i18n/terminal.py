"""The catalogue of texts for a terminal, in Traditional Chinese and English."""

from __future__ import annotations

__all__ = ["TERMINAL_WORDS"]

# key: (Traditional Chinese, English)
TERMINAL_WORDS: dict[str, tuple[str, str]] = {
    # Of the beginning, some with an English sentence from further inside
    "bad_settings": ("設定有誤：{said}", "{said}"),
    "set_aside": ("下載工作的資料庫無法使用，已重新建立，圖片不受影響：{said}", "{said}"),
    "says_more": ("{said}執行 {program} --help 可看說明。", "{said} {program} --help says more."),
    "bad_base_url": (
        "CIVITAI_BASE_URL 是 {url}，但必須是像 https://civitai.com 這樣的位址。",
        "CIVITAI_BASE_URL is {url}, but it must be an address such as https://civitai.com.",
    ),
    "unknown_key_of_environment": (
        "Civitai 不認得這個 API 金鑰：請在帳號設定中建立新的金鑰，或移除 CIVITAI_API_KEY。",
        "Civitai does not know this API key: make a new one in your account settings, or unset"
        " CIVITAI_API_KEY.",
    ),
    "unknown_key": (
        "Civitai 不認得這個 API 金鑰：請在帳號設定中建立新的金鑰，或在分頁中移除它。",
        "Civitai does not know this API key: make a new one in your account settings, or remove it"
        " in the tab.",
    ),
    "check_network": ("{said}", "{said} Check your network connection."),
    "no_output": (
        "結果無法寫到 stdout：{why}。",
        "The result cannot be written to stdout: {why}.",
    ),
    # What is asked for
    "names_no_model": (
        "{text} 不是模型：關鍵字可在分頁中搜尋；這裡請給 Civitai 網址，或像 12345 的模型編號。",
        "{text} names no model: words can be searched for in the tab; here give a Civitai URL, or"
        " a model's id such as 12345.",
    ),
    "bad_model": (
        "這不是 Civitai 的模型：請給模型頁面的網址或模型編號。（{said}）",
        "{said}",
    ),
    "no_such_model": (
        "Civitai 沒有模型 {id}，或需要能檢視它的 API 金鑰。",
        "Civitai has no model {id}, or shows it only to an API key that may see it.",
    ),
    "no_such_version": (
        "Civitai 沒有版本 {id}，或需要能檢視它的 API 金鑰。",
        "Civitai has no version {id}, or shows it only to an API key that may see it.",
    ),
    "no_such_image": (
        "Civitai 沒有圖片 {id}，或需要能檢視它的 API 金鑰。",
        "Civitai has no picture {id}, or shows it only to an API key that may see it.",
    ),
    "version_of_no_model": (
        "--version 只能與模型一起使用。",
        "--version goes with a model: a post, a user or a picture has none.",
    ),
    "not_its_version": (
        "模型 {name} 沒有版本 {id}{known}。",
        "The model {name} has no version {id}{known}.",
    ),
    "it_has": ("，它有 {ids}", ": it has {ids}"),
    "it_has_more": ("，它有 {ids} 等", ": it has {ids} and more"),
    "sort_needs_version": (
        "下載所有版本時，Civitai 只依上傳順序排序（最新或最舊）：加上 --version 才有此排序。",
        "For all versions Civitai sorts by upload only (newest or oldest): give --version to have"
        " this sort.",
    ),
    "stop_by_upload": (
        "注意：Civitai 依上傳時間列出整個模型。較晚公開的圖片排在後面，可能在停止處之後；"
        "指定版本就會排在前面。",
        "Note: Civitai lists a whole model by upload. What was published late stands deeper,"
        " perhaps behind where --stop-at-known stops; of a version (--version) it comes first.",
    ),
    "stop_needs_newest": (
        "--stop-at-known 只能與 --sort Newest 一起使用。",
        "--stop-at-known needs --sort Newest: only then does what is new come first.",
    ),
    "verify_costs": (
        "確認完整最多再問 Civitai {n} 次。",
        "To make sure that it is all takes up to {n} more {n:request|requests} to Civitai.",
    ),
    "folder_not_utf8": (
        "資料夾名稱 {folder} 不是 UTF-8。",
        "The folder's name {folder} is not UTF-8.",
    ),
    "folder_not_writable": (
        "無法在那裡儲存圖片：{said} 請用 --dest 指定其他資料夾。",
        "No picture can be saved there. {said} Choose another folder with --dest.",
    ),
    "bad_name": ("--name 無法使用：{said}", "--name cannot be that. {said}"),
    "bad_kept_name": (
        "設定中的檔名範本無法使用：{said}",
        "The setting of names cannot be that. {said} Change it, or give --name.",
    ),
    "stats_of_a_model": (
        "figures 需要模型或版本：請給模型頁面的網址或模型編號。",
        "figures are of a model or of one of its versions: give its URL or its id.",
    ),
    "stats_head_count": ("圖片", "PICTURES"),
    "stats_head_share": ("比例", "SHARE"),
    "stats_head_reactions": ("回應", "REACTIONS"),
    "stats_were_read": ("已讀 {n} 張圖片的紀錄。", "Records read: {n}."),
    # Jobs
    "job_titled": ("工作 {job}：{title}", "Job {job}: {title}"),
    "no_job": ("沒有工作 {job}。", "There is no job {job}."),
    "job_is_worked_on": ("工作 {job} 正在進行中。", "Job {job} is being worked on already."),
    "no_jobs": ("目前沒有工作。", "There are no jobs yet."),
    "nothing_to_resume": ("沒有可繼續的工作。", "There is nothing to go on with."),
    "all_worked_on": (
        "沒有可繼續的工作：未完成的正由另一個程式進行。",
        "There is nothing to go on with: another program works on what is unfinished.",
    ),
    "nothing_to_retry": ("沒有可重試的圖片。", "There is nothing to try again."),
    "go_on_with": ("繼續：resume {job}", "Go on with: resume {job}"),
    "try_again_with": ("重試失敗的：retry {job}", "Try again what failed with: retry {job}"),
    "state_interrupted": ("已中斷", "interrupted"),
    "head_job": ("工作", "JOB"),
    "head_state": ("狀態", "STATE"),
    "head_begun": ("開始", "BEGUN"),
    "head_done": ("完成", "DONE"),
    "head_failed": ("失敗", "FAILED"),
    "head_title": ("名稱", "TITLE"),
    # What became of it
    "result": (
        "已儲存 {saved}、略過 {skipped}、失敗 {failed}：{folder}",
        "{saved} saved, {skipped} skipped, {failed} failed: {folder}",
    ),
    "and_more": ("……還有 {n} 個。", "... and {n} more."),
    "how_to_give_a_key": (
        "needs_key：請設定 CIVITAI_API_KEY，或在分頁的設定中儲存金鑰。",
        "For needs_key: set CIVITAI_API_KEY, or save a key in the tab's settings.",
    ),
    "not_there_now": (
        "略過的有 {n} 張先前已儲存，但檔案已不在，例如 {path}。重新下載：--again",
        "{n} of the skipped {n:was|were} saved before but {n:is|are} not there now,"
        " {n:that is|such as} {path}. To fetch {n:it|them} anew: --again",
    ),
    "elsewhere": (
        "略過的有 {n} 張先前已儲存在其他資料夾。要在這裡也下載：--again",
        "{n} of the skipped {n:was|were} saved before, in {n:another folder|other folders}."
        " To fetch {n:it|them} into this one too: --again",
    ),
    "ask_again_with": ("再問一次：resume {job}", "Ask once more with: resume {job}"),
    "no_pictures": (
        "沒有圖片：請換 --level、--type、--period 或 --version。",
        "There are no pictures: try another --level, --type, --period or --version.",
    ),
    "interrupted": ("已中斷。", "Interrupted."),
    # Searches
    "no_set": ("沒有收藏集「{name}」。", "There is no collection “{name}”."),
    "search_goes_on": (
        "已看過本機圖庫 {all} 張中的 {n} 張，繼續搜尋…",
        "Searched {n} of {all} pictures of the library so far; going on…",
    ),
    "found_more": ("還有更多：--limit", "There are more: --limit"),
}
