"""HTML: entities in UTF-16 units, and Telegram's own complaints."""

from __future__ import annotations

from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.entities import entity_text, parse_html, trimmed, utf16_length
from sandbox.errors import ApiError
from tests.sandbox.conftest import Town

PLAIN = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
TAGS = {"b": "bold", "i": "italic", "u": "underline", "s": "strikethrough", "code": "code",
        "tg-spoiler": "spoiler", "blockquote": "blockquote"}  # fmt: skip


@given(PLAIN)
def test_escaped_text_comes_back_as_it_was(text: str) -> None:
    assert parse_html(escape(text, quote=True).replace("&#x27;", "&#39;")) == (text, [])


@given(st.lists(st.tuples(st.sampled_from([None, *TAGS]), PLAIN.filter(bool)), max_size=8))
def test_every_entity_covers_exactly_the_text_that_was_tagged(
    parts: list[tuple[str | None, str]],
) -> None:
    html = "".join(f"<{t}>{escape(x)}</{t}>" if t else escape(x) for t, x in parts)
    text, entities = parse_html(html)
    assert text == "".join(x for _, x in parts)
    tagged = [(TAGS[t], x) for t, x in parts if t]
    assert [(e["type"], entity_text(text, e)) for e in entities] == tagged
    assert all(e["offset"] + e["length"] <= utf16_length(text) for e in entities)


@given(st.text(st.sampled_from("<>/&;ab =\"'呀😀\n#x"), max_size=30))
def test_any_text_is_read_or_refused_in_telegrams_words(html: str) -> None:
    refusal = ""
    try:
        text, entities = parse_html(html)
    except ApiError as error:
        refusal = error.description
    if refusal:
        assert refusal.startswith("Bad Request: can't parse entities: ")
    else:
        assert all(
            0 <= e["offset"] < e["offset"] + e["length"] <= utf16_length(text) for e in entities
        )


@given(PLAIN, st.sampled_from(["  ", "\n", ""]))
def test_white_space_at_the_ends_goes_and_entities_move_along(text: str, space: str) -> None:
    whole, entities = parse_html(f"{space}<b>{escape(text)}</b>{space}")
    stripped, moved = trimmed(whole, entities)
    assert stripped == text.strip()
    bold = [entity_text(stripped, e) for e in moved if e["type"] == "bold"]
    assert bold == ([stripped] if stripped else [])


@pytest.mark.parametrize(
    ("html", "complaint"),
    [
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("a <", "Unclosed start tag at byte offset 2"),
        ("<x>a</x>", 'Unsupported start tag "x" at byte offset 0'),
        ("好<p>a</p>", 'Unsupported start tag "p" at byte offset 3'),
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("<b>a</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b>a</b", "Unclosed end tag at byte offset 4"),
        ("<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        (
            "<a href>x</a>",
            'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0',
        ),
        ("<a ='x'>x</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href=x/y>x</a>", "Unexpected end of name token at byte offset 8"),
    ],
)
def test_wrong_html_is_refused_with_telegrams_text(html: str, complaint: str) -> None:
    with pytest.raises(ApiError) as refused:
        parse_html(html)
    assert refused.value.description == f"Bad Request: can't parse entities: {complaint}"


@pytest.mark.parametrize(
    ("html", "text", "entities"),
    [
        ("😀<b>好</b>", "😀好", [("bold", 2, 1)]),
        ("<b><i>x</i></b>", "x", [("italic", 0, 1), ("bold", 0, 1)]),
        ("&lt;b&gt;&amp;&quot;&#128512;&#x2F;&copy;", '<b>&"😀/&copy;', []),
        ('<pre><code class="language-py">x</code></pre>', "x", [("pre", 0, 1)]),
        ("<b></b>x", "x", []),
        ("<blockquote expandable>x</blockquote>", "x", [("expandable_blockquote", 0, 1)]),
        ('<span class="tg-spoiler">x</span>', "x", [("spoiler", 0, 1)]),
        ("<B>x</>", "x", [("bold", 0, 1)]),
    ],
)
def test_html_is_read_as_telegram_reads_it(
    html: str, text: str, entities: list[tuple[str, int, int]]
) -> None:
    read, found = parse_html(html)
    assert read == text
    assert sorted((e["type"], e["offset"], e["length"]) for e in found) == sorted(entities)


def test_links_keep_their_address_and_people_their_number() -> None:
    _, (link,) = parse_html('<a href="example.org/x?a=1&amp;b=2">map</a>')
    assert link["url"] == "http://example.org/x?a=1&b=2"
    _, (person,) = parse_html('<a href="tg://user?id=10001">Li</a>')
    assert (person["type"], person["user_id"]) == ("text_mention", 10001)
    assert parse_html('<a href="nonsense">x</a>') == ("x", [])


def test_telegram_finds_commands_mentions_links_and_hashtags_by_itself() -> None:
    text, found = trimmed(
        "/report@linli_bot 灯 @wang_jie https://example.org/a #灯坏了 a@b.cn 1/2 x@y", []
    )
    assert [(e["type"], entity_text(text, e)) for e in found] == [
        ("bot_command", "/report@linli_bot"), ("mention", "@wang_jie"),
        ("url", "https://example.org/a"), ("hashtag", "#灯坏了"), ("email", "a@b.cn"),
    ]  # fmt: skip


async def test_a_mention_by_number_carries_the_person(town: Town) -> None:
    user = await town.person("Li")
    html = f'<a href="tg://user?id={user}">你</a> <a href="tg://user?id=5">x</a>'
    sent = await town.call("sendMessage", chat_id=user, text=html, parse_mode="HTML")
    assert [e["user"]["id"] for e in sent["entities"]] == [user]


async def test_unknown_parse_modes_are_refused(town: Town) -> None:
    user = await town.person("Li")
    refusal = await town.refusal("sendMessage", chat_id=user, text="x", parse_mode="bbcode")
    assert refusal == "Bad Request: unsupported parse_mode"
