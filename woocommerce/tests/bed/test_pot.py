"""The template for translators: what is found in the sources, and what is not. That it is up to date, make check looks."""

from tools import plugin_pot


def test_it_finds_plurals_contexts_remarks_and_only_this_domain(tmp_path, monkeypatch):
    """Each kind of call once, and one of another plugin's."""
    (tmp_path / "src").mkdir()
    (tmp_path / "elmed-for-woocommerce.php").write_text(" * Plugin Name: P\n * Description: D\n * Version: 1.2.3\n")
    (tmp_path / "src" / "a.php").write_text(
        "<?php\n/* translators: %s: a name */\n__('Hello %s', 'elmed-for-woocommerce');\n"
        "_n('%s egg', '%s eggs', $n, 'elmed-for-woocommerce'); _x('Post', 'verb', 'elmed-for-woocommerce');\n"
        "__('Not ours', 'another'); esc_html__(\n    'It\\'s long',\n    'elmed-for-woocommerce'\n);\n"
    )
    monkeypatch.setattr(plugin_pot, "PLUGIN", tmp_path)
    made = plugin_pot.render()
    assert '#. translators: %s: a name\n#: src/a.php\n#, php-format\nmsgid "Hello %s"' in made
    assert 'msgid "%s egg"\nmsgid_plural "%s eggs"\nmsgstr[0] ""' in made
    assert 'msgctxt "verb"\nmsgid "Post"' in made
    assert 'msgid "It\'s long"' in made
    assert "Not ours" not in made
