"""The catalogue of texts for the user, in Traditional Chinese and English."""

from __future__ import annotations

__all__ = ["WORDS"]

# key: (Traditional Chinese, English)
WORDS: dict[str, tuple[str, str]] = {
    # Downloads
    "progress": ("下載圖片 {done}/{total}", "Downloading pictures {done}/{total}"),
    "resting": ("{seconds} 秒後繼續", "resuming in {seconds} s"),
    "some_failed": (
        "部分圖片下載失敗 ({n} 個)，請檢查網路連線 💥!",
        "Some pictures could not be downloaded ({n}): please check your network connection 💥!",
    ),
    "job_saved": ("已儲存 {n}", "{n} saved"),
    "job_skipped": ("原本就有 {n}", "{n} there already"),
    "job_failed": ("失敗 {n}", "{n} failed"),
    "job_left": ("未下載 {n}", "{n} not fetched"),
    "job_started": ("正在下載 {n} 張圖片", "Downloading {n} {n:picture|pictures}"),
    "job_started_gallery": (
        "正在下載最多 {n} 張圖片",
        "Downloading up to {n} {n:picture|pictures}",
    ),
    "already_saved": ("已經儲存：{path}", "You have it already: {path}"),
    "nothing_to_download": ("沒有可下載的圖片", "There is nothing to download here"),
    "no_answer_yet": ("等待主機回應", "waiting for the host"),
    "time_left": ("剩餘 {time}", "{time} left"),
    "of_at_most": ("{done} / 最多 {total}", "{done} of at most {total}"),
    "of": ("{done} / {total}", "{done} of {total}"),
    "state_queued": ("排隊等候", "waiting its turn"),
    "state_resting": ("等待中", "waiting"),
    "state_running": ("下載中", "downloading"),
    "state_paused": ("已暫停", "paused"),
    "state_done": ("完成", "done"),
    "state_cancelled": ("已取消", "cancelled"),
    "waits_for_network": (
        "連線失敗或中斷。網路恢復後會自動繼續。",
        "The connection failed or broke off. It goes on by itself once the network is back.",
    ),
    "missing_room": (
        "磁碟空間不足，還缺 {size}。清出空間後會自動繼續。",
        "The disk has too little room: {size} are missing. Make room, and it goes on by itself.",
    ),
    "job_cancel": ("取消", "Cancel"),
    "job_pause": ("暫停", "Pause"),
    "job_resume": ("繼續", "Go on"),
    "job_first": ("優先下載", "Do this next"),
    "jobs_before": ("前面還有 {n} 個", "{n} before it"),
    "more_jobs_wait": ("另有 {n} 個下載排隊等候", "and {n} more {n:waits|wait} their turn"),
    "job_retry": ("重試失敗的圖片", "Retry failed"),
    "job_anew": ("重新下載", "Fetch anew"),
    "not_there": (
        "有 {n} 張先前已儲存，但檔案已不在原處。可按「重新下載」。",
        "{n} {n:picture was|pictures were} saved before, but {n:is|are} not there any more."
        " “Fetch anew” brings {n:it|them}.",
    ),
    "job_open": ("開啟資料夾", "Open folder"),
    "folder_on_server": (
        "圖片在伺服器上的 {folder}。",
        "The pictures are on the server, in {folder}.",
    ),
    "folder_not_there": ("{folder} 已不存在。", "{folder} is not there."),
    "no_file_manager": (
        "找不到檔案管理員。圖片在 {folder}。",
        "No file manager was found. The pictures are in {folder}.",
    ),
    "job_forget": ("從清單移除", "Remove from list"),
    "failed_count": ("失敗 {n} 張", "{n} failed"),
    "more_failed": ("還有 {n} 個", "and {n} more"),
    # What a gallery had, at a job's end
    "report_seen": ("圖庫中看過 {n} 張圖片", "Pictures seen in the gallery: {n}"),
    "report_kept_back": ("因分級或種類而略過 {n} 張", "left out for their rating or type: {n}"),
    "report_without_data": ("因沒有生成資料而略過 {n} 張", "left out without data: {n}"),
    "report_unrelated": (
        "紀錄只列出其他模型的 {n} 張",
        "whose record names other models only: {n}",
    ),
    "report_dropped": (
        "因位址不是 Civitai 的或紀錄無法讀取而略過 {n} 張",
        "left out, since their address is not Civitai's or their record cannot be read: {n}",
    ),
    "report_empty_pages": (
        "空白頁 {n} 頁（可能是 Civitai 逾時）",
        "pages that came empty, perhaps for Civitai's own time limit: {n}",
    ),
    "report_end": ("已走到圖庫結尾。", "It was walked to the gallery's end."),
    "report_limit": (
        "到達張數上限即停止：圖庫可能還有更多。",
        "It stopped at its number of pictures: the gallery may have more.",
    ),
    "report_known": (
        "遇到連續已儲存過的圖片，依要求停止。",
        "It stopped, as asked, at pictures in a row that had been saved before.",
    ),
    "report_empty": (
        "最後一頁兩次都是空白：可能是結尾，也可能是 Civitai 逾時。",
        "The last page came empty twice: that may be the end, or Civitai's own time limit.",
    ),
    "report_blank": (
        "最後幾頁沒有新的圖片，但 Civitai 說還有：可能不是結尾。",
        "The last pages had nothing new, though Civitai named more: that may not be the end.",
    ),
    "report_not_over": ("尚未走到圖庫結尾。", "It was not walked to the gallery's end."),
    "report_walks_same": ("兩次走訪都找到同樣的 {all} 張。", "Both walks found the same {all}."),
    "report_walks_more": (
        "第二次走訪找回第一次漏掉的 {more} 張，共 {all} 張；依兩次結果推算，應該沒有再缺。",
        "The second walk brought back {more} that the first had missed: {all} in all, and by both"
        " walks none seems to be missing now.",
    ),
    "report_walks_fewer": (
        "兩次走訪共找到 {all} 張：第二次少了 {fewer} 張，沒有新的。",
        "Both walks together found {all}: the second had {fewer} fewer and nothing new.",
    ),
    "report_walks_missing": (
        "可能還缺約 {n} 張：網站的兩次回應不同（{first} 張與 {second} 張，相同的 {both} 張）。",
        "About {n} may be missing: the site's two answers differ ({first} and {second}, of which"
        " {both} the same).",
    ),
    "report_walks_apart": (
        "網站的兩次回應沒有相同的圖片：無法推算缺多少。",
        "The site's two answers have no picture in common: how many are missing is not known.",
    ),
    "report_walks_limit": (
        "第二次走訪找到的超過張數上限：提高上限可取得其餘的。",
        "The second walk found more than the number asked for: raise it for the rest.",
    ),
    "report_walks_not_two": (
        "沒有走訪第二次來確認完整，因為第一次在結尾前就停止。",
        "It was not walked a second time to make sure: the first walk stopped before the end.",
    ),
    "report_walks_not_over": (
        "第二次走訪沒有走完，因此無法確認是否完整。",
        "The second walk did not come to its end, so it is not sure that this is all.",
    ),
    "state_verifying": ("核對中", "making sure"),
    "bad_reference": (
        "這不是 Civitai 的模型。請輸入模型頁面的網址、模型編號或搜尋關鍵字。",
        "This is no model of Civitai: give the URL of its page, its id, or search words.",
    ),
    "no_model": (
        "Civitai 上沒有這個模型，或需要能檢視它的 API 金鑰",
        "Civitai has no such model, or shows it only to an API key that may see it",
    ),
    "sort_dropped": (
        "選擇「所有版本」時，Civitai 只依上傳順序排序（最新或最舊）。選擇一個版本即可使用此排序。",
        "For all versions Civitai sorts by upload only (newest or oldest). Choose one version to"
        " have this sort.",
    ),
    "no_collections": (
        "Civitai 的 API 無法讀取收藏集。請在 Civitai 開啟其中一張圖片，再貼上它的網址。",
        "Civitai's API does not read collections. Open one of its pictures on Civitai, and give"
        " that picture's address.",
    ),
    "no_image": (
        "Civitai 上沒有這張圖片，或需要能檢視它的 API 金鑰",
        "Civitai has no such picture, or shows it only to an API key that may see it",
    ),
    "no_base_model": (
        "Civitai 不認得這個基礎模型：{names}",
        "Civitai does not know this base model: {names}",
    ),
    "no_gallery": (
        "Civitai 上沒有這個圖庫，或需要能檢視它的 API 金鑰",
        "Civitai has no such gallery, or shows it only to an API key that may see it",
    ),
    "no_author": (
        "Civitai 沒有 {user} 的圖片：沒有這位作者，或沒有符合篩選條件的圖片。",
        "Civitai shows no pictures by {user}: there is no such author, or none of theirs passes the"
        " filters.",
    ),
    "unrelated": (
        "這些圖片的紀錄列出的是其他模型：Civitai 傳來的可能不是這個圖庫。",
        "The records of these pictures name other models: what Civitai sent may not be this"
        " gallery.",
    ),
    "problem_comfy": (
        "由 ComfyUI 工作流程讀出：其他節點的作用不在其中。",
        "Read from a ComfyUI workflow: what its other nodes did is missing here.",
    ),
    "problem_of_file": (
        "讀自圖片檔案本身（{program} 寫入），Civitai 的紀錄沒有",
        "Read from the picture's own file, as {program} wrote it: Civitai's record has none",
    ),
    "only_credentials": (
        "這個檔案帶有內容憑證 (Content Credentials，{maker})，其中沒有提示詞。",
        "This file carries Content Credentials ({maker}), which hold no prompt.",
    ),
    "some_program": ("某個程式", "a program"),
    "problem_lora_tags": (
        "由我們加入，因為紀錄有而提示詞沒有：{tags}",
        "Added by us, since the record names it and the prompt does not: {tags}",
    ),
    "problem_left_out": (
        "未寫入，因為 Civitai 的紀錄裡已殘缺：{names}",
        "Left out, since Civitai's record has them cut or torn: {names}",
    ),
    "problem_missing": ("沒有說明：{names}", "Not stated: {names}"),
    "problem_seed": (
        "種子很大，Civitai 可能已將它四捨五入。",
        "The seed is so large that Civitai may have rounded it.",
    ),
    "loss_assumed": ("{field}：沒有說明，視為 {got}", "{field}: not stated, assumed to be {got}"),
    "loss_changed": ("{field}：{sent} 變為 {got}", "{field}: {sent} becomes {got}"),
    "loss_dropped": ("{field}：{sent} 不會帶入", "{field}: {sent} is not taken"),
    "loss_swallowed": (
        "{field}：{sent} 會被當成提示詞的一部分",
        "{field}: {sent} is read as part of the prompt",
    ),
    "here": ("已在此", "Here"),
    "available_by_name": ("已在此（僅依檔名判斷）", "Here, by its name alone"),
    "available_other": ("另一個版本：{version}", "Another version: {version}"),
    "available_missing": ("缺少", "Missing"),
    "available_not_told": (
        "缺少：只知道它在 Civitai 的編號，這裡沒有檔案標明它",
        "Missing: only its number on Civitai is known, and no file here says that number",
    ),
    "unreadable_rows": (
        "{n} 張圖片因位址不明而未顯示",
        "{n} {n:picture is|pictures are} not shown, for {n:its address|their addresses}",
    ),
    "no_infotext": (
        "這張圖片沒有公開生成資料",
        "No generation data was published with this picture",
    ),
    "bad_limit": (
        "張數必須是 {low} 到 {high} 的整數",
        "Give a whole number of pictures from {low} to {high}",
    ),
    "name_a_model": (
        "在上方輸入模型的網址、編號或關鍵字，瀏覽社群用它創作的圖片",
        "Name a model above, by its URL, its id or words, to see what the community made with it",
    ),
    # Settings
    "bad_setting": (
        "「{label}」必須是 {low} 到 {high} 之間的數，因此未儲存任何設定",
        "“{label}” must be from {low} to {high}: nothing was saved",
    ),
    "bad_whole_setting": (
        "「{label}」必須是 {low} 到 {high} 之間的整數，因此未儲存任何設定",
        "“{label}” must be a whole number from {low} to {high}: nothing was saved",
    ),
    "bad_choice": (
        "「{label}」的值無法使用，因此未儲存任何設定",
        "“{label}” cannot be that: nothing was saved",
    ),
    "bad_value": ("{said}未儲存任何設定。", "{said} Nothing was saved."),
    "login_user": ("使用者", "User"),
    "login_password": ("密碼", "Password"),
    "login_button": ("登入", "Log in"),
    "login_wrong": ("使用者或密碼不正確。", "The user or the password is wrong."),
    "login_wait": (
        "密碼錯誤太多次：請在 {seconds} 秒後再試。",
        "Too many wrong passwords: try again in {seconds} s.",
    ),
    "needs_javascript": ("此頁面需要 JavaScript。", "This page needs JavaScript."),
    "proxy_with_password": (
        "代理伺服器的名稱與密碼請放在環境變數 HTTPS_PROXY 與 HTTP_PROXY：這個頁面會顯示設定。",
        "A name and password for a proxy belong into HTTPS_PROXY and HTTP_PROXY of the environment:"
        " the page shows its settings.",
    ),
    "proxy_of_no_kind": (
        "代理伺服器必須是網址，例如 socks5h://127.0.0.1:1080，種類為：{kinds}。",
        "The proxy must be an address such as socks5h://127.0.0.1:1080, of these: {kinds}.",
    ),
    "proxy_needs_pysocks": (
        "SOCKS 代理伺服器需要 PySocks：請用執行本程式的 Python 執行 python -m pip install PySocks，"
        "再重新啟動。",
        "A SOCKS proxy needs PySocks, which is not installed: python -m pip install PySocks, with"
        " the Python that runs this, then start again.",
    ),
    "folder_of_models": (
        "這裡沒有資料夾 {path}；請輸入完整路徑，多個以 ; 分隔。",
        "{path} is no folder here; give whole paths, with ; between them.",
    ),
    "bad_template": ("這不能作為檔名範本：{said}", "{said}"),
    "key_bad": (
        "這不是 API 金鑰：金鑰只有字母與數字，沒有空白",
        "This is no API key: a key has letters and digits, and no blanks",
    ),
    "key_saved": ("金鑰已儲存", "The key is saved"),
    "key_removed": ("金鑰已移除", "The key is removed"),
    "key_works": ("金鑰有效：{user}", "The key works: it is {user}'s"),
    "key_not_saved": ("此金鑰尚未儲存。", "It is not saved yet."),
    "folder_not_absolute": (
        "資料夾必須是完整路徑，例如 {example}，因此未儲存任何設定",
        "The folder must be a whole path, such as {example}: nothing was saved",
    ),
    "key_wrong": (
        "Civitai 不認得這個金鑰，請在帳號設定中建立新的金鑰",
        "Civitai does not know this key: make a new one in your account settings",
    ),
    "key_none": ("尚未儲存金鑰", "No key is saved"),
    "key_of_environment": (
        "使用環境變數 CIVITAI_API_KEY 的金鑰",
        "The key of the environment variable CIVITAI_API_KEY is used",
    ),
}
