"""The text of HTML."""

import pytest

from indexer.catalogue.values.markup import plain_text, read_description


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Soft <b>jersey</b> tee.</p><p>Warm</p>", "Soft jersey tee. Warm"),
        ("<style>.a{padding:0}</style>Warm", "Warm"),
        ("<STYLE type='text/css'>.a > b {padding:0}</STYLE >Warm", "Warm"),
        ("Warm<style>.a{padding:0}", "Warm"),
        ("<script>if (a < b) alert('</p>')</script>Warm", "Warm"),
        ("<!-- padding --><div style='padding:0'>Warm</div>", "Warm"),
        ("<![if !IE]>Warm<![endif]>", "Warm"),
        ("<ul><li>one<li>two</ul>", "one two"),
        ("H<sub>2</sub>O<br/>clear", "H2O clear"),
        ("Fish &amp; chips &lt;3", "Fish & chips <3"),
        ("&lt;p&gt;Warm&lt;/p&gt;", "Warm"),
        ("a < b and 3<4", "a < b and 3<4"),
        ("<img alt='padding' src='x.jpg'>Warm", "Warm"),
        ("Warm <a href='https://example.com/?a=1&b=2", "Warm"),
        ("", ""),
    ],
)
def test_tags_styles_scripts_comments_and_entities_are_no_text(html: str, text: str) -> None:
    assert plain_text(html) == text


def test_a_description_keeps_its_html() -> None:
    assert read_description("<p>Fish &amp; chips</p>") == "<p>Fish &amp; chips</p>"
    assert read_description("Fish &amp; chips") == "Fish & chips"
