"""Texts for reasons why something failed, in Traditional Chinese and English."""

from __future__ import annotations

__all__ = ["REASONS"]

# key: (Traditional Chinese, English)
REASONS: dict[str, tuple[str, str]] = {
    # Reasons: what happened, and what to do
    "reason_network": (
        "連線失敗或中斷。請檢查網路後重試。",
        "The connection failed or broke off. Check your network, then retry.",
    ),
    "reason_trouble": (
        "Civitai 目前忙碌或發生問題。請過一會兒再試。",
        "Civitai is busy or has a problem of its own. Try again in a while.",
    ),
    "reason_busy": (
        "Civitai 要求稍候。請過一段時間再重試。",
        "Civitai asks for a rest. Retry after a while.",
    ),
    "reason_gone": (
        "圖片已不存在。重試沒有幫助。",
        "The picture is no longer there. Retrying will not help.",
    ),
    "reason_needs_key": (
        "需要可檢視此圖片的 API 金鑰。請在設定中填入您的 Civitai API 金鑰。",
        "It needs an API key that may see it. Enter your Civitai API key in the settings.",
    ),
    "reason_region": ("您所在的地區無法取得。", "It is not available in your region."),
    "reason_not_an_image": (
        "收到的不是圖片或影片。請稍後重試。",
        "What came is neither an image nor a video. Retry later.",
    ),
    "reason_too_large": (
        "檔案超過設定的大小上限。請在設定中調高上限。",
        "The file is larger than the limit. Raise the limit in the settings.",
    ),
    "reason_refused": (
        "位址不安全，因此未下載。",
        "Its address is not one that we follow, for your safety.",
    ),
    "reason_disk": (
        "無法寫入磁碟。請檢查資料夾的權限與空間。",
        "It cannot be written. Check the folder's permissions and the disk's room.",
    ),
    "reason_wrong_hash": (
        "檔案內容與 Civitai 記載的 SHA256 不符，因此未保留。請稍後重試。",
        "The file is not the one that Civitai describes (its SHA256 differs), so it was not kept."
        " Retry later.",
    ),
    "reason_early_access": (
        "模型仍在搶先體驗期，只有購買者可以下載。請等到期滿，或在 Civitai 上購買。",
        "The model is in early access: only buyers can download it. Wait until that ends, or buy it"
        " on Civitai.",
    ),
    "reason_no_access": (
        "作者未開放下載，或您的帳號沒有權限。API 金鑰沒有幫助。",
        "Its creator has turned downloads off, or your account has no access. An API key does not"
        " help.",
    ),
    "reason_not_offered": (
        "Civitai 不提供此檔案下載：已封存，或只能在網站上生成。",
        "Civitai does not offer it as a file: it is archived, or for generating on the site only.",
    ),
    "reason_unsafe": (
        "這種檔案載入時可能執行程式碼，因此未下載。",
        "A file of this kind may run code when it is loaded, so it was not downloaded.",
    ),
    "reason_quota": (
        "您的 Civitai 帳號下載量已達上限。請過幾小時再重試。",
        "Your Civitai account has downloaded as much as it may for now. Retry in some hours.",
    ),
    "reason_cancelled": ("已取消。", "It was cancelled."),
    "reason_bad_answer": (
        "Civitai 的回應無法讀取。請稍後重試。",
        "Civitai's answer cannot be read. Retry later.",
    ),
    "reason_bad_input": ("輸入有誤。", "The input makes no sense."),
    "reason_other": ("伺服器拒絕 ({code})。", "The server refused it ({code})."),
    "reason_empty_end": (
        "Civitai 傳回空白頁，也沒有下一頁：可能是圖庫結尾，也可能是 Civitai 逾時。可以再試一次。",
        "Civitai sent an empty page and no way on: it may be the gallery's end, or Civitai's own"
        " time limit. You can try again.",
    ),
    "reason_not_known": (
        "伺服器還沒有讀過這張圖片。請重新載入圖庫。",
        "The server has not read this picture yet. Load its gallery again.",
    ),
    "reason_not_there": ("沒有這個位址。", "There is nothing at this address."),
    "reason_not_allowed": (
        "這個要求不是來自此頁面，因此被拒絕。",
        "The request did not come from this page, so it was refused.",
    ),
    "reason_too_slow": ("要求傳送得太慢。", "The request came too slowly."),
    "reason_only_here": (
        "只能在執行本程式的電腦上變更。",
        "It can be changed only on the machine that this runs on.",
    ),
    "reason_frozen": (
        "WebUI 啟動時已設定為不可變更。",
        "The WebUI was started so that it cannot be changed.",
    ),
    "reason_in_host": (
        "請在 WebUI 的「Settings」頁變更。",
        "It is changed on the WebUI's Settings page.",
    ),
    "unknown_name": (
        "WebUI 不認得網址中的這個名稱。請改用 127.0.0.1，或以 --listen 或密碼啟動 WebUI。",
        "The WebUI does not know itself by this name. Ask for it as 127.0.0.1, or start it with"
        " --listen or a password.",
    ),
    "reason_outdated": (
        "擴充功能已更新：請重新載入此頁面。",
        "The extension was updated: reload this page.",
    ),
    "reason_login": ("請先登入 WebUI。", "Log in to the WebUI first."),
    # The same where many are counted
    "short_network": ("連線失敗", "connection"),
    "short_busy": ("主機忙碌", "host busy"),
    "short_gone": ("已不存在", "no longer there"),
    "short_needs_key": ("需要金鑰", "needs a key"),
    "short_region": ("地區限制", "not in your region"),
    "short_not_an_image": ("不是圖片", "no picture"),
    "short_too_large": ("檔案過大", "too large"),
    "short_refused": ("位址不安全", "unsafe address"),
    "short_disk": ("磁碟", "disk"),
    "short_wrong_hash": ("SHA256 不符", "wrong SHA256"),
    "short_early_access": ("搶先體驗", "early access"),
    "short_no_access": ("沒有權限", "no access"),
    "short_not_offered": ("不提供下載", "not offered"),
    "short_unsafe": ("檔案不安全", "unsafe file"),
    "short_quota": ("下載量已達上限", "download quota"),
    "short_cancelled": ("已取消", "cancelled"),
    "short_bad_answer": ("無法讀取", "unreadable answer"),
    "short_other": ("伺服器拒絕 {code}", "refused: {code}"),
}
