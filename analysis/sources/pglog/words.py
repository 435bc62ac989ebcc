"""The words of a server that a reader needs, in the languages into which PostgreSQL writes its log."""

from __future__ import annotations

__all__ = ["DETAILS", "FAILURES", "KNOWN", "SEVERITY", "severity_of"]

SEVERITIES = {
    "LOG": ("LOG", "СООБЩЕНИЕ", "ログ", "日志", "로그", "REGISTRO"),
    "ERROR": ("ERROR", "ERREUR", "FEHLER", "ОШИБКА", "ERRORE", "ERRO", "エラー", "错误", "오류", "HATA", "BŁĄD", "FEL"),
    "FATAL": ("FATAL", "ВАЖНО", "FATALE", "致命的エラー", "致命错误", "치명적오류", "ÖLÜMCÜL", "KATASTROFALNY"),
    "PANIC": ("PANIC", "PANIK", "ПАНИКА", "PÂNICO", "パニック", "PANICO"),
    "WARNING": ("WARNING", "WARNUNG", "ATTENTION", "ПРЕДУПРЕЖДЕНИЕ", "ATTENZIONE", "AVISO", "警告", "경고"),
    "NOTICE": ("NOTICE", "HINWEIS", "ЗАМЕЧАНИЕ", "NOTA", "注意", "알림", "NOTIFICAÇÃO"),
    "INFO": ("INFO", "ИНФОРМАЦИЯ", "信息", "정보"),
    "DEBUG": ("DEBUG", "DEBUG1", "DEBUG2", "DEBUG3", "DEBUG4", "DEBUG5", "ОТЛАДКА"),
    "DETAIL": ("DETAIL", "DÉTAIL", "ПОДРОБНОСТИ", "DETTAGLI", "DETALHE", "DETALLE", "詳細", "详细信息", "상세정보"),
    "HINT": ("HINT", "TIPP", "ASTUCE", "ПОДСКАЗКА", "SUGGERIMENTO", "DICA", "ヒント", "提示", "힌트"),
    "CONTEXT": ("CONTEXT", "ZUSAMMENHANG", "CONTEXTE", "КОНТЕКСТ", "CONTESTO", "CONTEXTO", "文脈", "背景", "上下文"),
    "STATEMENT": ("STATEMENT", "ANWEISUNG", "INSTRUCTION", "ОПЕРАТОР", "ISTRUZIONE", "COMANDO", "SENTENCIA", "文"),
    "QUERY": ("QUERY", "ANFRAGE", "REQUÊTE", "ЗАПРОС", "CONSULTA", "問い合わせ", "查询"),
    "LOCATION": ("LOCATION", "ORT", "EMPLACEMENT", "ПОЛОЖЕНИЕ", "POSIZIONE", "LOCALIZAÇÃO", "場所", "位置"),
    "BACKTRACE": ("BACKTRACE", "PILE D'APPEL", "СТЕК"),
}  # fmt: skip
KNOWN = {word.encode(): name.encode() for name, words in reversed(SEVERITIES.items()) for word in words}
KNOWN |= {word.lower(): name for word, name in KNOWN.items() if word.isascii()}  # JSON of some collectors
DETAILS = frozenset((b"DETAIL", b"HINT", b"CONTEXT", b"STATEMENT", b"QUERY", b"LOCATION", b"BACKTRACE"))
FAILURES = frozenset((b"ERROR", b"FATAL", b"PANIC"))
# those of a server come first: the alternation is tried in this order at every character of a prefix
_WORDS = ["LOG", "DETAIL", "ERROR", "STATEMENT", "FATAL", "CONTEXT", "HINT", "WARNING", "NOTICE", r"DEBUG[1-5]?"]
_REST = sorted({w for words in SEVERITIES.values() for w in words} - {*_WORDS} - {f"DEBUG{n}" for n in range(1, 6)})
SEVERITY = "|".join([*_WORDS, *sorted(_REST, key=len, reverse=True), "DEBUG"]).encode()


def severity_of(word: bytes) -> bytes:
    """Return the severity or field that a word of the log means, in English; b"" if it is none.

    Examples
    --------
    >>> severity_of("FEHLER".encode()), severity_of(b"DEBUG2"), severity_of(b"nothing")
    (b'ERROR', b'DEBUG', b'')
    """
    return KNOWN.get(word, b"")
