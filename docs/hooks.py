"""What the site needs besides Markdown: pages of notebooks that are written as scripts, examples/, and the room datasets."""

import re
from pathlib import Path

import griffe
import jupytext
from mkdocs.structure.files import File

DOCS = Path(__file__).parent
NOTEBOOKS = sorted((DOCS / "tutorials").glob("*.py"))
EXAMPLES = sorted(path for path in (DOCS.parent / "examples").iterdir() if path.is_file())


def page(notebook: Path) -> str:
    """A notebook in Markdown, with a line that says where to get it."""
    text = jupytext.writes(jupytext.read(notebook), fmt="md")
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    title, _, rest = text.strip().partition("\n")
    link = f"[{notebook.name}]({notebook.name})"
    return f"{title}\n\n*A notebook: get {link} and run it as a script, or open it with Jupytext.*\n{rest}\n"


def on_files(files, config):
    """Adds the pages of the notebooks, and the examples as they are."""
    for notebook in NOTEBOOKS:
        files.append(File.generated(config, f"tutorials/{notebook.stem}.md", content=page(notebook)))
    for path in EXAMPLES:
        files.append(File.generated(config, f"examples/{path.name}", abs_src_path=str(path)))
    return files


def on_page_markdown(markdown, page, config, files):
    """Links that lead somewhere in the repository lead to the same thing on the site."""
    up = "../" * page.file.src_uri.count("/")
    markdown = re.sub(r"\]\((?:\.\./)+examples/", f"]({up}examples/", markdown)
    for notebook in NOTEBOOKS:
        if page.file.name != notebook.stem:
            markdown = markdown.replace(f"{notebook.name})", f"{notebook.stem}.md)")
    return markdown


class Docstrings(griffe.Extension):
    """What griffe makes of the package: `Example:` begins a section too, and `hrkeras.datasets` belongs to it.

    It passes over that room, which is no package of its own; see tests/test_architecture.py.
    """

    def on_instance(self, *, obj, **_):
        if obj.docstring:
            obj.docstring.value = re.sub(r"^( *)Example:$", r"\1Examples:", obj.docstring.value, flags=re.MULTILINE)

    def on_package(self, *, pkg, loader, **_):
        if pkg.path != "hrkeras":
            return
        collections = {"lines_collection": loader.lines_collection, "modules_collection": loader.modules_collection}
        folder = pkg.filepath.parent / "datasets"
        room = griffe.Module(folder.name, filepath=[folder], parent=pkg, **collections)
        pkg.set_member(folder.name, room)
        for path in sorted(folder.glob("*.py")):
            code = path.read_text(encoding="utf-8")
            module = griffe.visit(path.stem, path, code, parent=room, extensions=loader.extensions, **collections)
            room.set_member(path.stem, module)
